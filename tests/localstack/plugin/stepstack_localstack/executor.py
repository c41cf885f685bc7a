"""An execution environment of a Lambda function as a process of this machine.

The process runs stepstack's own shims (STEPSTACK_SHIMS is their folder), or the `bootstrap` of a function for a custom runtime.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from localstack.services.lambda_.invocation.executor_endpoint import ShutdownDuringStartup, StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from .runtime_api import Event, RuntimeApi, Said

SHIMS = Path(os.environ["STEPSTACK_SHIMS"])


class ProcessExecutor(RuntimeExecutor):
    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        self._environment = {}
        self._api = None
        self._process = None
        self._printed = None

    # --- what LocalStack calls ---

    @classmethod
    def prepare_version(cls, function_version):
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        pass  # LocalStack destroys the code itself

    def start(self, env_vars):
        self._environment = env_vars
        self._launch()

    def invoke(self, payload):
        if self._process is None or self._process.poll() is not None:
            # It crashed or timed out in the last invocation.
            self._end_process()
            self._launch()
        timeout = self.function_version.config.timeout
        request_id = payload["invoke-id"]
        begin = time.time()
        event = Event(
            request_id,
            payload["payload"].encode(),
            int((begin + timeout) * 1000),
            payload["invoked-function-arn"],
            payload.get("trace-id") or "",
        )
        self._api.events.put(event)
        body, is_error = self._answer_to(request_id, timeout)
        return InvocationResult(request_id, body, is_error, self._log_of(request_id, time.time() - begin))

    def stop(self):
        if self._api:
            self._api.said.put(Said("stopped"))
        self._end_process()

    def get_logs(self):
        return self._new_output() if self._printed else ""

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        return f"http://{self._api.address if self._api else '127.0.0.1'}"

    # --- the process ---

    def _launch(self):
        config = self.function_version.config
        code = config.code.get_unzipped_code_location()
        self._api = api = RuntimeApi()
        output, self._printed = output_file()
        environment = {
            "PATH": os.environ["PATH"],
            "LANG": "en_US.UTF-8",
            **{name: str(value) for name, value in self._environment.items()},
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "LAMBDA_TASK_ROOT": str(code),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        with output:
            self._process = process = subprocess.Popen(
                command(config.runtime or "", code),
                cwd=code,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        threading.Thread(target=lambda: api.said.put(Said("ended", str(process.wait()).encode())), daemon=True).start()
        said = api.said.get()
        if said.kind == "stopped":
            raise ShutdownDuringStartup("the environment was stopped while it started")
        if said.kind == "init error":
            raise StatusErrorException("the function could not be loaded", payload=said.body)
        if said.kind == "ended":
            raise StatusErrorException("the process ended while it started", payload=exit_error("", said.body))

    def _answer_to(self, request_id, timeout):
        """Body, and whether it is an error."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                said = self._api.said.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                self._end_process()
                return timeout_error(request_id, timeout), True
            if said.kind in ("response", "error") and said.request_id == request_id:
                return said.body, said.kind == "error"
            if said.kind == "ended":
                return exit_error(request_id, said.body), True
            if said.kind == "stopped":
                raise RuntimeError(f"the environment {self.id} was stopped")

    def _end_process(self):
        process, self._process = self._process, None
        if process and process.poll() is None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self._api:
            self._api.close()

    # --- what it printed ---

    def _new_output(self):
        """What was printed since this was last asked."""
        text = self._printed.read().decode("utf-8", "replace")
        # The shims write \r for a line break within an entry; LocalStack takes each line for an entry.
        return text if not text or text.endswith("\n") else text + "\n"

    def _log_of(self, request_id, seconds):
        memory = self.function_version.config.memory_size
        return (
            f"START RequestId: {request_id} Version: {self.function_version.id.qualifier}\n"
            f"{self._new_output()}"
            f"END RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\tDuration: {seconds * 1000:.2f} ms\t"
            f"Billed Duration: {int(seconds * 1000) + 1} ms\tMemory Size: {memory} MB\t\n"
        )


def output_file():
    """A file without a name, to write and to read, each with a place of its own in it."""
    written = tempfile.NamedTemporaryFile(prefix="function-output-", mode="ab")
    return written, open(written.name, "rb")


def command(runtime, code):
    """What runs a function whose code is in that folder."""
    if runtime.startswith("nodejs"):
        return ["node", str(SHIMS / "node.mjs")]
    if runtime.startswith("python"):
        # What LocalStack's virtual environment was made from: a function must not find LocalStack's packages.
        python = Path(sys.base_prefix) / "bin" / "python3"
        return [str(python), "-s", "-u", str(SHIMS / "python.py")]
    if runtime.startswith("provided"):
        return [str(code / "bootstrap")]
    raise NotImplementedError(f"functions for the runtime {runtime!r} cannot run as processes")


def exit_error(request_id, status):
    code = int(status)
    how = f"exit status {code}" if code >= 0 else f"signal: {signal.Signals(-code).name}"
    message = f"Runtime exited with error: {how}"
    if request_id:
        message = f"RequestId: {request_id} Error: {message}"
    return json.dumps({"errorType": "Runtime.ExitError", "errorMessage": message}).encode()


def timeout_error(request_id, seconds):
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return json.dumps({"errorType": "Sandbox.Timedout", "errorMessage": message}).encode()
