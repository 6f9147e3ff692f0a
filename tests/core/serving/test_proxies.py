"""The proxies of docs/exposing.md pass pages, WebSockets and signed posts on to a real dashboard."""

import base64
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from core.posts.models import Post, new_post_id
from core.posts.payload import invocation_of, write_invocation
from core.time.instants import real_clock
from lambda_pkg.signature import signed_headers

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "exposing.md").read_text()
HOST = "posts.example.org"
LOGIN = base64.b64encode(b"ada:correct horse").decode()
SECRET = f"whsec_{base64.b64encode(b'a key that only tests know').decode()}"
HANDSHAKE = (
    *("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


def example(language):
    """Return the configuration of docs/exposing.md in a language."""
    return re.search(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)[1]


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(port):
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=10).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return a self-signed certificate and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on the PATH")
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
        + ["-addext", f"subjectAltName=DNS:{HOST}", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """Run the dashboard and the posting server on one home, and return their ports."""
    environment = os.environ | {
        "PUNCTUAL_HOME": str(tmp_path_factory.mktemp("exposed") / "home"),
        "PUNCTUAL_PUBLIC_HOSTS": HOST,
        "PUNCTUAL_SIGNING_SECRET": SECRET,
    }
    ports = unused_port(), unused_port()
    commands = [
        ["-m", "streamlit", "run", "dashboard.py", "--server.headless", "true", "--server.port", str(ports[0])],
        ["-m", "core", "receive", "--port", str(ports[1])],
    ]
    processes = [
        subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        for command in commands
    ]
    for port in ports:
        wait_for(port)
    yield ports
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(20)


def nginx_command(folder, text, certificate):
    """Write nginx's files, with everything that it writes in one folder, and return its command."""
    password = subprocess.run(["openssl", "passwd", "-apr1", "correct horse"], capture_output=True, text=True).stdout
    (folder / "htpasswd").write_text(f"ada:{password}")
    text = text.replace("/etc/ssl/posts.example.org.crt", str(certificate[0]))
    text = text.replace("/etc/ssl/posts.example.org.key", str(certificate[1]))
    text = text.replace("/etc/nginx/punctual.htpasswd", str(folder / "htpasswd"))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder / kind};\n" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""  # the workers of root's nginx cannot read root's files otherwise
    head = f"{user} daemon off; pid {folder}/pid; error_log stderr;\nevents {{}}\n"
    (folder / "nginx.conf").write_text(f"{head}http {{\naccess_log off;\n{temporary}{text}}}\n")
    return ["nginx", "-p", folder, "-c", folder / "nginx.conf"]


def caddy_command(folder, text, certificate):
    """Write Caddy's file, with a certificate of the test instead of a fetched one, and return its command."""
    hashed = subprocess.run(
        ["caddy", "hash-password", "--plaintext", "correct horse"], check=True, capture_output=True, text=True
    ).stdout.strip()
    text = re.sub(r"\$2a\$\S+", lambda _: hashed, text)
    text = text.replace("{\n", f"{{\n    tls {certificate[0]} {certificate[1]}\n", 1)
    (folder / "Caddyfile").write_text("{\n    admin off\n    auto_https disable_redirects\n}\n" + text)
    return ["caddy", "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def program(request):
    """Return the name of a proxy, before anything is started for it."""
    if shutil.which(request.param) is None:
        pytest.skip(f"no {request.param} on the PATH")
    return request.param


@pytest.fixture(scope="module")
def proxy(program, certificate, servers, tmp_path_factory):
    """Run a proxy as docs/exposing.md describes it, on other ports, and return its port."""
    folder, port = tmp_path_factory.mktemp(program), unused_port()
    text = example(program).replace("8501", str(servers[0])).replace("8600", str(servers[1]))
    if program == "nginx":
        command = nginx_command(folder, text.replace("listen 443", f"listen {port}"), certificate)
    else:
        command = caddy_command(folder, text.replace(HOST, f"{HOST}:{port}", 1), certificate)
    environment = os.environ | {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        wait_for(port)
        yield port
        process.terminate()


@pytest.fixture
def ask(proxy, certificate):
    """Return a function that sends one request over TLS and returns its status and the start of its body."""
    context = ssl.create_default_context(cafile=certificate[0])

    def send(path, *headers, body=b""):
        lines = (f"{'POST' if body else 'GET'} {path} HTTP/1.1", f"Host: {HOST}:{proxy}", *headers)
        with (
            socket.create_connection(("127.0.0.1", proxy), timeout=30) as plain,
            context.wrap_socket(plain, server_hostname=HOST) as connection,
        ):
            connection.sendall("\r\n".join((*lines, f"Content-Length: {len(body)}", "\r\n")).encode() + body)
            received = connection.recv(65_536)
        return int(received.split()[1])

    return send


def test_a_stranger_gets_no_page(ask):
    assert ask("/") == 401


def test_a_person_with_the_login_gets_the_page(ask):
    assert ask("/", f"Authorization: Basic {LOGIN}") == 200


def test_the_websocket_of_the_page_is_passed_on(ask, proxy):
    login = f"Authorization: Basic {LOGIN}"
    assert ask("/_stcore/stream", login, *HANDSHAKE, f"Origin: https://{HOST}:{proxy}") == 101
    assert ask("/_stcore/stream", login, *HANDSHAKE, "Origin: https://evil.example") == 403


def test_a_signed_post_needs_no_login_and_is_published(ask):
    due = real_clock() - timedelta(seconds=1)
    wall = f"{due:%Y-%m-%dT%H:%M:%S}"
    post = Post(post_id=new_post_id(), text="x", destinations=["outbox"], zone="UTC", wall=wall, due_at=due)
    body = write_invocation(invocation_of(post, due)).encode()
    headers = signed_headers(message_id=post.post_id, at=real_clock(), body=body, secrets=[SECRET])
    assert ask("/publish", *[f"{name}: {value}" for name, value in headers.items()], body=body) == 200
    assert ask("/publish", body=body) == 401
