"""Plugins for a LocalStack that runs on the host: functions as processes, JSONata in Python."""
