"""What LocalStack finds by its entry points (see pyproject.toml). Imports what it needs late: LocalStack loads this at every start."""

from localstack.runtime import hooks
from localstack.runtime.server.core import RuntimeServerPlugin
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Chosen by LAMBDA_RUNTIME_EXECUTOR=process."""

    name = "process"

    def load(self, *args, **kwargs):
        from .executor import ProcessExecutor

        return ProcessExecutor


class LoopbackServerPlugin(RuntimeServerPlugin):
    """Chosen by GATEWAY_SERVER=loopback."""

    name = "loopback"

    def load(self, *args, **kwargs):
        from .loopback import LoopbackServer

        return LoopbackServer()


@hooks.on_infra_start()
def jsonata_without_java():
    from . import jsonata

    jsonata.install()
