"""The first page holds the styles, the typeface and the address of the server, and its policy allows its scripts."""

import re

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.frame.first_paint import STYLE, FirstPaint, first_page
from ui.frame.security import content_security_policy


@pytest.fixture
def client():
    async def page(_):
        return HTMLResponse("Streamlit's page", headers={"etag": "1", "cache-control": "no-cache"})

    async def missing(_):
        return HTMLResponse("Not found", status_code=404)

    async def text(_):
        return PlainTextResponse("ok")

    app = Starlette(routes=[Route("/queue", page), Route("/gone", missing), Route("/health", text)])
    return TestClient(FirstPaint(app))


def test_streamlits_page_is_replaced_by_the_first_page(client):
    answer = client.get("/queue")
    assert answer.text == first_page()
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-cache"
    assert client.head("/queue").headers["content-length"] == answer.headers["content-length"]


def test_other_answers_pass_unchanged(client):
    assert client.get("/gone").text == "Not found"
    assert client.get("/health").text == "ok"


def test_the_first_page_has_the_styles_after_those_of_streamlit():
    head, _, body = first_page().partition("</head>")
    assert STYLE.read_text() in body
    assert "<title>Punctual</title>" in head
    assert head.index("BACKEND_BASE_URL") < head.index('<script type="module"')


def test_the_policy_allows_each_script_of_the_first_page():
    scripts = re.findall(r"<script>", first_page())
    assert content_security_policy().count("'sha256-") == len(scripts) == 2
