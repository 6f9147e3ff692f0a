"""Faces of accounts and logos of networks, as pages refer to them and as the server draws them."""

import asyncio
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import unquote, urlsplit

import pytest
from PIL import Image
from starlette.applications import Starlette

from core.accounts.port import Account
from core.application import Application
from core.settings import Settings
from ui.frame.face_picture import initials
from ui.frame.face_route import face_routes
from ui.frame.faces import face, face_url, logo_url
from ui.frame.network_looks import network_look

ADA = Account(destination="mastodon:ada@example.social", label="@ada@example.social (Mastodon)", name="Ada Lovelace")


@pytest.fixture
def application(tmp_path, clock, monkeypatch):
    opened = Application(Settings(home=tmp_path / "home"), clock)
    monkeypatch.setattr("ui.frame.application._opened", [opened])
    yield opened
    opened.close()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str


@pytest.fixture
def get(application):
    """Return the answer to a request for an address."""
    app = Starlette(routes=face_routes())

    def ask(url):
        sent, parts = [], urlsplit(f"/{url}")
        scope = {"type": "http", "method": "GET", "path": unquote(parts.path), "headers": []}

        async def send(message):
            sent.append(message)

        asyncio.run(app({**scope, "query_string": parts.query.encode()}, None, send))
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], headers, b"".join(each.get("body", b"") for each in sent[1:]).decode())

    return ask


@pytest.fixture
def avatar(application):
    file = BytesIO()
    Image.new("RGB", (128, 128), "teal").save(file, "JPEG")
    return application.media.put(file.getvalue())


def test_an_account_without_an_avatar_has_its_initials_in_the_colour_of_its_network(application, get):
    application.accounts.connect(ADA)
    answer = get(face_url(ADA, 40))
    assert (answer.status, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert ">AL</text>" in answer.text
    assert network_look("mastodon").colour in answer.text
    assert ">AL</text>" not in get(face_url(ADA, 16)).text


def test_an_avatar_is_part_of_the_picture_and_changes_its_address(application, get, avatar):
    shown = ADA.model_copy(update={"avatar": avatar})
    application.accounts.connect(shown)
    answer = get(face_url(shown, 40))
    assert "data:image/jpeg;base64," in answer.text
    assert "max-age" in answer.headers["cache-control"]
    assert face_url(shown, 40) != face_url(ADA, 40)


def test_an_avatar_that_is_missing_becomes_initials_that_no_browser_keeps(application, get, avatar):
    shown = ADA.model_copy(update={"avatar": "a" * 64})
    application.accounts.connect(shown)
    answer = get(face_url(shown, 40))
    assert ">AL</text>" in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "url",
    [
        face_url(ADA, 40),
        "faces/networks/myspace.svg",
        "faces/networks/..%2f..%2fstyle.svg",
        "faces/accounts/outbox.svg?size=5000",
        "faces/accounts/outbox.svg?size=x",
        "faces/networks/mastodon.svg?size=-1",
    ],
)
def test_other_addresses_have_no_picture(get, url):
    assert get(url).status == 404


def test_every_network_has_a_colour_on_which_white_can_be_read(application, get):
    for name in application.networks:
        assert get(logo_url(name, 32)).status == 200
        assert contrast_with_white(network_look(name).colour) >= 4.5


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ada", "A"),
        ("🎉 Jean-Luc van der Berg 🎉", "JB"),
        ("Ślad <b>", "ŚB"),
        ("東京 ニュース", "東ニ"),
        ("", "S"),
        ("🎉", ""),
    ],
)
def test_initials_are_letters_of_the_first_and_the_last_word(name, letters):
    assert initials(Account(destination="webhook:sales", label="sales (webhook)", name=name)) == letters


def test_a_name_cannot_add_to_the_picture_or_to_the_page(application, get):
    named = ADA.model_copy(update={"name": "<script> &"})
    application.accounts.connect(named)
    assert "<script" not in get(face_url(named, 40)).text
    assert face(named, 20, alt="](x) <b>") == rf"![\]\(x\) \<b\>]({face_url(named, 20)})"


def contrast_with_white(colour):
    """Return the contrast of a colour such as #0a6cd4 with white, by WCAG 2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
