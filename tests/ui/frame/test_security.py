"""The dashboard refuses foreign pages and open addresses, without a network look-up."""

import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ui.frame.security import MAX_BODY_BYTES, OpenAddress, content_security_policy, refuse_open_address

ROOT = Path(__file__).parents[3]
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
HANDSHAKE = (
    "GET /_stcore/stream HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.fixture(scope="module")
def proxy():
    """Listen as a proxy that never answers, so that the server's look-ups of other hosts hang."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        yield listener


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory, proxy):
    """Run `streamlit run dashboard.py` for posts.example.org, and return its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = start(
        tmp_path_factory.mktemp("security") / "home",
        *("--server.port", str(port)),
        PUNCTUAL_PUBLIC_HOSTS="posts.example.org",
        http_proxy=f"http://127.0.0.1:{proxy.getsockname()[1]}",
        https_proxy=f"http://127.0.0.1:{proxy.getsockname()[1]}",
    )
    with process:
        for line in process.stdout:
            if f":{port}" in line:
                break
        yield port
        process.terminate()


def start(home, *options, **variables):
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless", "true", *options]
    environment = os.environ | {"PUNCTUAL_HOME": str(home), **variables}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def status(port, host, origin):
    """Send a WebSocket handshake, and return the status of the response."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(HANDSHAKE.format(host=host, origin=origin).encode())
        return int(connection.recv(4096).split()[1])


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:{port}", "http://evil.example"),
        ("evil.example", "http://evil.example"),
        ("127.0.0.1:{port}", "http://localhost:3000"),
        ("127.0.0.1:{port}", "http://127.0.0.1:1"),
        ("posts.example.org", "https://evil.example"),
    ],
)
def test_a_foreign_websocket_is_refused_before_streamlit_looks_up_its_own_address(dashboard, proxy, host, origin):
    assert status(dashboard, host.format(port=dashboard), origin) == 403
    with pytest.raises(TimeoutError):
        proxy.accept()


@pytest.mark.parametrize(
    ("host", "origin"),
    [("127.0.0.1:{port}", "http://127.0.0.1:{port}"), ("posts.example.org", "https://posts.example.org")],
)
def test_the_websocket_of_an_own_page_is_accepted(dashboard, host, origin):
    assert status(dashboard, host.format(port=dashboard), origin.format(port=dashboard)) == 101


def test_the_limits_of_connections_hold_for_the_dashboard(dashboard):
    with socket.create_connection(("127.0.0.1", dashboard), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 40_000)
        assert connection.recv(4096).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.5", ""])
def test_an_open_address_needs_punctual_open(address):
    with pytest.raises(OpenAddress) as refused:
        refuse_open_address(address, lambda: False)
    assert "PUNCTUAL_OPEN=yes" in refused.value.hint
    refuse_open_address(address, lambda: True)


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"PUNCTUAL_OPEN": ""}, "set PUNCTUAL_OPEN=yes"),
        ({"PUNCTUAL_OPEN": "yes", "PUNCTUAL_TIMEZONE": "Mars/Olympus"}, "PUNCTUAL_TIMEZONE is not valid"),
    ],
)
def test_the_dashboard_ends_instead_of_listening_on_an_open_address(tmp_path, variables, reason):
    with start(tmp_path / "home", "--server.address", "0.0.0.0", **variables) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert reason in output
    assert "Traceback" not in output


def test_streamlit_accepts_only_loopback_names_by_itself():
    assert CONFIG["server"]["address"] == "127.0.0.1"
    assert CONFIG["server"]["allowedHosts"] == ["localhost", "127.0.0.1", "::1"]


def test_the_largest_upload_fits_into_the_largest_body():
    assert CONFIG["server"]["maxUploadSize"] * 1024 * 1024 < MAX_BODY_BYTES


def test_the_policy_forbids_frames_other_hosts_and_unknown_scripts():
    policy = content_security_policy()
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'self'" in policy
    assert "script-src 'self' blob: 'sha256-" in policy
    assert "http:" not in policy
