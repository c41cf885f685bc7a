"""Runs a Lambda function in Python: asks the Runtime API for events, calls the handler, posts what it gives.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
"""

import decimal
import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback

API = "/2018-06-01/runtime"
TASK_ROOT = os.environ["LAMBDA_TASK_ROOT"]
SHIM = os.path.abspath(__file__)


class Api:
    """The Runtime API over one connection. Without it there is nobody to work for, and the process ends."""

    def __init__(self):
        self.connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def call(self, method, path, body=None, headers=None):
        try:
            self.connection.request(method, API + path, body, headers or {})
            response = self.connection.getresponse()
            return response, response.read()
        except OSError:
            os._exit(1)
        except http.client.HTTPException:
            os._exit(1)

    def error(self, path, error):
        headers = {
            "Content-Type": "application/vnd.aws.lambda.error+json",
            "Lambda-Runtime-Function-Error-Type": error["errorType"].encode("ascii", "replace").decode(),
        }
        self.call("POST", path, json.dumps(error, ensure_ascii=False).encode("utf-8", "replace"), headers)


class Fault(Exception):
    """An error of the runtime's, not of the handler's."""

    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.trace = trace


def on_aws(text):
    """With the paths that it would have there."""
    return text.replace(TASK_ROOT, "/var/task").replace(SHIM, "/var/runtime/bootstrap.py")


def described(error, request_id):
    if isinstance(error, Fault):
        kind, message, trace = error.kind, error.message, error.trace or []
    else:
        frames = traceback.extract_tb(error.__traceback__)
        while frames and os.path.abspath(frames[0].filename) == SHIM:
            frames.pop(0)
        kind, message, trace = type(error).__name__, str(error), traceback.format_list(frames)
    return {
        "errorMessage": on_aws(message),
        "errorType": kind,
        "requestId": request_id,
        "stackTrace": [on_aws(line) for line in trace],
    }


def log_error(error):
    text = f"[ERROR] {error['errorType']}: {error['errorMessage']}\nTraceback (most recent call last):\n"
    # A carriage return keeps an entry of several lines together.
    print((text + "".join(error["stackTrace"])).rstrip("\n").replace("\n", "\r"), flush=True)


class Formatter(logging.Formatter):
    converter = time.gmtime

    def __init__(self):
        super().__init__("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S")

    def format(self, record):
        record.aws_request_id = Formatter.request_id
        return super().format(record).replace("\n", "\r")


Formatter.request_id = ""


class Encoder(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, decimal.Decimal):
            return float(o) if o.is_finite() else str(o)
        raise TypeError(f"Object of type {type(o).__name__} is not JSON serializable")


def serialized(result):
    if isinstance(result, bytes):
        return result  # as it is
    try:
        return json.dumps(result, cls=Encoder, ensure_ascii=False).encode("utf-8", "surrogatepass")
    except Exception as problem:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {problem}") from problem


class Named:
    """Members as attributes, as those of the mobile client's context."""

    def __init__(self, members, names):
        for name in names:
            setattr(self, name, members.get(name))


class Context:
    def __init__(self, headers):
        env = os.environ
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = env["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = env["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = env["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = env["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = Named({}, ("cognito_identity_id", "cognito_identity_pool_id"))
        self.client_context = None
        given = json.loads(headers.get("Lambda-Runtime-Client-Context") or "null")
        if given:
            self.client_context = Named(given, ("client", "custom", "env"))
            names = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
            self.client_context.client = Named(given.get("client") or {}, names)
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


def load(handler):
    try:
        module_name, function_name = handler.rsplit(".", 1)
    except ValueError as problem:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{handler}': {problem}") from None
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as problem:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {problem}") from None
    except SyntaxError as problem:
        trace = [f'  File "{problem.filename}" Line {problem.lineno}\n    {problem.text}']
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {problem}", trace) from None
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise Fault("Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'") from None


def serve(api, handler):
    while True:
        response, body = api.call("GET", "/invocation/next")
        request_id = Formatter.request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        os.environ["_X_AMZN_TRACE_ID"] = response.headers.get("Lambda-Runtime-Trace-Id", "")
        try:
            result = serialized(handler(json.loads(body), Context(response.headers)))
        except Exception as problem:
            error = described(problem, request_id)
            log_error(error)
            sys.stdout.flush()
            api.error(f"/invocation/{request_id}/error", error)
        else:
            sys.stdout.flush()
            sys.stderr.flush()
            api.call("POST", f"/invocation/{request_id}/response", result, {"Content-Type": "application/json"})


def main():
    sys.path[0] = TASK_ROOT
    out = logging.StreamHandler(sys.stdout)
    out.setFormatter(Formatter())
    logging.getLogger().addHandler(out)
    api = Api()
    try:
        handler = load(os.environ["_HANDLER"])
    except Exception as problem:
        error = described(problem, "")
        log_error(error)
        api.error("/init/error", error)
        sys.exit(1)
    serve(api, handler)


main()
