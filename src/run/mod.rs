//! Starting executions and following them.
