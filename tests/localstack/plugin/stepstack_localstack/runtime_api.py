"""The Lambda Runtime API, for one process, on a free port of 127.0.0.1.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import queue
import re
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

API = "/2018-06-01/runtime"
ANSWER = re.compile(re.escape(API) + r"/invocation/([^/]+)/(response|error)")


@dataclass
class Event:
    """What the function is to be called with."""

    request_id: str
    payload: bytes
    deadline: int  # milliseconds since the epoch
    arn: str
    trace_id: str

    def headers(self):
        return {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline),
            "Lambda-Runtime-Invoked-Function-Arn": self.arn,
            "Lambda-Runtime-Trace-Id": self.trace_id,
        }


@dataclass
class Said:
    """What came from the process: `ready`, `init error`, `response`, `error`; or `ended`, by itself."""

    kind: str
    body: bytes = b""
    request_id: str = ""


class RuntimeApi:
    """What is put into `events` the process gets; what it says is put into `said`."""

    def __init__(self):
        self.events = queue.SimpleQueue()
        self.said = queue.SimpleQueue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        # The process is killed in the middle of a request whenever its environment is stopped.
        self._server.handle_error = lambda *_: None
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self._server.server_port}"

    def close(self):
        self.events.put(None)
        # The server looks twice a second whether it is to end; nobody has to wait for that.
        threading.Thread(target=lambda: (self._server.shutdown(), self._server.server_close()), daemon=True).start()

    def _handler(self):
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def do_GET(self):
                if self.path != f"{API}/invocation/next":
                    return self._answer(404)
                api.said.put(Said("ready"))
                event = api.events.get()
                if event is None:
                    self.close_connection = True
                    return self._answer(410)
                self._answer(200, event.payload, event.headers())

            def do_POST(self):
                body = self._body()
                answer = ANSWER.fullmatch(self.path)
                if self.path == f"{API}/init/error":
                    api.said.put(Said("init error", body))
                elif answer:
                    api.said.put(Said(answer[2], body, answer[1]))
                else:
                    return self._answer(404)
                self._answer(202, b'{"status":"OK"}\n', {"Content-Type": "application/json"})

            def _body(self):
                if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                chunks = []
                while size := int(self.rfile.readline().partition(b";")[0], 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                while self.rfile.readline().strip():
                    pass  # trailers
                return b"".join(chunks)

            def _answer(self, status, body=b"", headers=None):
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler
