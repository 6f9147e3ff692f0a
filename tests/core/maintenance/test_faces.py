"""Faces: names and avatars that the check of an account renews."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import pytest
from PIL import Image
from pydantic import SecretStr

from core.accounts.file import FileAccounts
from core.accounts.port import Account, Face
from core.errors import PunctualError
from core.maintenance.account_checks import AccountChecks
from core.maintenance.faces import Faces
from core.media.folder import FolderMedia
from core.publishing.avatars import MAX_BYTES, SIDE, Avatars
from core.publishing.http.public_web import CannotFetch, NotPublic
from core.publishing.network import PostingPermission
from core.publishing.profile import Profile


def png(colour="teal", size=(400, 300)):
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


class Site:
    """A server on loopback with files by path; a text is the target of a redirect."""

    def __init__(self):
        self.files = {"/a.png": png()}
        self.requests = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.requests.append(self.path)
                content = site.files[self.path]
                self.send_response(302 if isinstance(content, str) else 200)
                if isinstance(content, str):
                    self.send_header("Location", content)
                    content = b""
                self.send_header("Content-Type", "image/png")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args):
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def new_site():
    sites = []

    def start():
        sites.append(Site())
        return sites[-1]

    yield start
    for each in sites:
        each.server.shutdown()
        each.server.server_close()


@pytest.fixture
def site(new_site):
    return new_site()


class Network:
    """A network that shows its account as a test sets."""

    def __init__(self):
        self.shown = Profile()
        self.asked = 0
        self.problem = None

    def check(self, account):
        return PostingPermission(problem=self.problem)

    def profile(self, account):
        self.asked += 1
        if isinstance(self.shown, Exception):
            raise self.shown
        return self.shown


@pytest.fixture
def network():
    return Network()


@pytest.fixture
def accounts(tmp_path, site):
    accounts = FileAccounts(tmp_path / "accounts.json")
    accounts.connect(
        Account(destination="net:ada", label="ada", address=site.url, credentials={"token": SecretStr("s3cret")})
    )
    return accounts


@pytest.fixture
def media(tmp_path):
    return FolderMedia(tmp_path / "media")


@pytest.fixture
def checks(accounts, network, media, tmp_path, clock):
    networks = {"net": network}
    faces = Faces(accounts, networks, media)
    return AccountChecks(accounts, networks, faces, lambda start, end: set(), tmp_path / "checks.json", clock)


def face(accounts):
    return accounts.get("net:ada").face


def test_a_check_stores_the_name_and_a_small_avatar_of_the_accounts_own_server(checks, accounts, network, media, site):
    network.shown = Profile(name="Ada", handle="ada@example", avatar_url=f"{site.url}/a.png")
    assert checks.check("net:ada").problem is None
    found = face(accounts)
    assert (found.name, found.handle) == ("Ada", "ada@example")
    with Image.open(BytesIO(media.get(found.avatar))) as avatar:
        assert avatar.size == (SIDE, SIDE * 3 // 4)
    assert accounts.get("net:ada").credentials["token"].get_secret_value() == "s3cret"


def test_an_avatar_on_another_server_is_read_from_the_public_internet_only(new_site, site, media):
    elsewhere = new_site()
    for url in (f"{elsewhere.url}/a.png", "http://127.0.0.1/a.png", "http://169.254.169.254/a.png"):
        with pytest.raises(CannotFetch):
            Avatars().small(Profile(avatar_url=url), site.url)
    site.files["/away.png"] = f"{elsewhere.url}/a.png"
    with pytest.raises(NotPublic):
        Avatars().small(Profile(avatar_url=f"{site.url}/away.png"), site.url)
    site.files["/moved.png"] = "/a.png"
    assert Avatars().small(Profile(avatar_url=f"{site.url}/moved.png"), site.url)
    assert elsewhere.requests == []


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"\x89PNG\r\n\x1a\n", b"x" * (MAX_BYTES + 1)])
def test_an_avatar_that_is_no_picture_leaves_the_one_before_and_the_check_works(
    checks, accounts, network, site, content
):
    network.shown = Profile(name="Ada", avatar_url=f"{site.url}/a.png")
    checks.check("net:ada")
    before = face(accounts)
    site.files["/a.png"] = content
    network.shown = Profile(name="Ada L.", avatar_url=f"{site.url}/a.png")
    assert checks.check("net:ada").problem is None
    assert face(accounts) == before.model_copy(update={"name": "Ada L."})


@pytest.mark.parametrize("failure", [PunctualError("The network is down."), ZeroDivisionError()])
def test_a_profile_that_cannot_be_read_changes_nothing(checks, accounts, network, failure):
    network.shown = Profile(name="Ada", avatar=png())
    checks.check("net:ada")
    before, network.shown = face(accounts), failure
    assert checks.check("net:ada").problem is None
    assert face(accounts) == before


def test_an_avatar_that_the_network_no_longer_has_is_taken_away(checks, accounts, network):
    network.shown = Profile(name="Ada", avatar=png())
    checks.check("net:ada")
    network.shown = Profile(name="Ada")
    checks.check("net:ada")
    assert face(accounts) == Face(name="Ada")


def test_the_worker_renews_a_face_once_a_week_and_a_person_at_once(checks, network, clock):
    for _ in range(3):
        checks.run()
        clock.move(hours=4)
    assert network.asked == 1
    clock.move(days=7)
    checks.run()
    assert network.asked == 2
    checks.check("net:ada")
    assert network.asked == 3


def test_an_account_with_a_problem_keeps_its_face_and_is_not_asked_for_one(checks, network, clock):
    network.problem = "The token was revoked."
    checks.check("net:ada")
    assert network.asked == 0


def test_a_face_that_has_not_changed_is_not_written(checks, accounts, network, tmp_path):
    network.shown = Profile(name="Ada", avatar=png())
    checks.check("net:ada")
    written = (tmp_path / "accounts.json").stat().st_mtime_ns
    checks.check("net:ada")
    assert (tmp_path / "accounts.json").stat().st_mtime_ns == written
