"""Browser sessions of the dashboard, as far as the server sees them. Nothing is drawn."""

import http.client
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

PATIENCE_SECONDS = 60
CHUNK = 65_536
FINISHED = ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY


def open_connection(port: int) -> ClientConnection:
    """Return a WebSocket to the dashboard."""
    address, origin = f"ws://127.0.0.1:{port}/_stcore/stream", Origin(f"http://127.0.0.1:{port}")
    return connect(address, origin=origin, subprotocols=[Subprotocol("streamlit")], max_size=None)


def run_request(
    page: str = "", *, name: str = "", fragment: str | None = None, widgets: Sequence[WidgetState] = ()
) -> bytes:
    """Return the request to run a page, by its hash or its name, or one of its fragments, with changed widgets."""
    message = BackMsg()
    request = message.rerun_script
    request.context_info.timezone = "Europe/Berlin"
    request.page_script_hash, request.page_name = page, name
    request.widget_states.widgets.extend(widgets)
    if fragment is not None:
        request.fragment_id, request.is_auto_rerun = fragment, True
    content: bytes = message.SerializeToString()
    return content


class Browser:
    """One session that waits for each of its runs."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection = open_connection(port)
        self._page = ""
        self._pages: dict[str, str] = {}
        self._session = ""
        self._widgets: list[str] = []

    def visit(self, path: str) -> float:
        """Open a page and return the seconds until its run has finished."""
        if path in self._pages:
            return self._run(run_request(self._pages[path]))
        return self._run(run_request(name=path))

    def set_text(self, key: str, text: str) -> float:
        """Change a text field and return the seconds of the run."""
        return self._run(run_request(self._page, widgets=[WidgetState(id=self._widget(key), string_value=text)]))

    def click(self, key: str) -> float:
        """Click the first button whose key begins with `key`; return the seconds of the run."""
        return self._run(run_request(self._page, widgets=[WidgetState(id=self._widget(key), trigger_value=True)]))

    def upload(self, size: int, seconds: float) -> None:
        """Upload a file of `size` bytes at an even rate."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_SECONDS)
        connection.request("GET", "/_stcore/health")
        response = connection.getresponse()
        response.read()
        cookie = (response.getheader("Set-Cookie") or "").partition(";")[0]
        head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.mp4"\r\n\r\n'
        tail = b"\r\n--x--\r\n"
        headers = {
            "Content-Type": "multipart/form-data; boundary=x",
            "Content-Length": str(len(head) + size + len(tail)),
            "Cookie": cookie,
            "X-Xsrftoken": cookie.partition("=")[2],
            "Origin": f"http://127.0.0.1:{self._port}",
        }
        body = _paced(head, size, tail, seconds)
        connection.request("PUT", f"/_stcore/upload_file/{self._session}/upload", body=body, headers=headers)
        status = connection.getresponse().status
        assert status == 204, f"the upload was answered with {status}"

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def _run(self, request: bytes) -> float:
        started = time.perf_counter()
        self._connection.send(request)
        while True:
            content = self._connection.recv(timeout=PATIENCE_SECONDS)
            message = ForwardMsg.FromString(content if isinstance(content, bytes) else content.encode())
            self._note(message)
            if message.WhichOneof("type") == "script_finished" and message.script_finished == FINISHED:
                return time.perf_counter() - started

    def _note(self, message: ForwardMsg) -> None:
        """Keep the identities of the session, its pages and its widgets."""
        if message.HasField("new_session"):
            self._session = message.new_session.initialize.session_id or self._session
            self._widgets.clear()
        elif message.HasField("navigation"):
            self._page = message.navigation.page_script_hash
            self._pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        elif message.HasField("delta"):
            kind = message.delta.new_element.WhichOneof("type")
            found = getattr(getattr(message.delta.new_element, kind), "id", "") if kind else ""
            if found:
                self._widgets.append(found)

    def _widget(self, key: str) -> str:
        """Return the identity of a widget, which ends with its key."""
        pattern = re.compile(rf"\$\$ID-[0-9a-f]+-{re.escape(key)}")
        return next(each for each in self._widgets if pattern.match(each))


def _paced(head: bytes, size: int, tail: bytes, seconds: float) -> Iterator[bytes]:
    """Yield the parts of a body evenly over some seconds."""
    started, chunk, sent = time.monotonic(), bytes(CHUNK), 0
    yield head
    while sent < size:
        yield chunk[: size - sent]
        sent += CHUNK
        time.sleep(max(0.0, started + seconds * sent / size - time.monotonic()))
    yield tail


class Tab(threading.Thread):
    """An open page: repeats the fragments that the server asks to repeat, and counts what it receives."""

    def __init__(self, port: int, page: str = "queue") -> None:
        super().__init__(daemon=True)
        self._port = port
        self._name = page
        self._page, self._begins = "", False
        self._timers: dict[str, tuple[float, float]] = {}
        self.messages = self.bytes = 0
        self.drawn = threading.Event()
        """Set once the first run has finished."""

    def run(self) -> None:
        """Receive until the server closes the connection."""
        with open_connection(self._port) as connection:
            connection.send(run_request(name=self._name))
            with suppress(ConnectionClosed):
                while True:
                    self._step(connection)

    def _step(self, connection: ClientConnection) -> None:
        try:
            content = connection.recv(timeout=max(0.0, self._next() - time.monotonic()))
            self._receive(content if isinstance(content, bytes) else content.encode())
        except TimeoutError:
            for fragment in self._due():
                connection.send(run_request(self._page, fragment=fragment))

    def _receive(self, content: bytes) -> None:
        message = ForwardMsg.FromString(content)
        self.messages += 1
        self.bytes += len(content)
        if message.HasField("new_session"):
            self._begins = True
        elif message.HasField("navigation"):
            self._page = message.navigation.page_script_hash
        elif message.WhichOneof("type") == "script_finished":
            self.drawn.set()
        elif message.HasField("auto_rerun"):
            if self._begins:  # only the run of a whole page sets timers, all of them
                self._begins = False
                self._timers.clear()
            interval = message.auto_rerun.interval
            self._timers[message.auto_rerun.fragment_id] = (interval, time.monotonic() + interval)

    def _next(self) -> float:
        return min((at for _, at in self._timers.values()), default=time.monotonic() + 1)

    def _due(self) -> list[str]:
        now = time.monotonic()
        due = [fragment for fragment, (_, at) in self._timers.items() if at <= now]
        self._timers |= {fragment: (self._timers[fragment][0], now + self._timers[fragment][0]) for fragment in due}
        return due
