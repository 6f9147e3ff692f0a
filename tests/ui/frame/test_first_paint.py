"""The first page holds the styles, the typeface and the address of the server, and its policy allows its scripts."""

import asyncio
import re

import pytest
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from ui.frame.first_paint import STYLES, FirstPaint, first_page
from ui.frame.security import content_security_policy

PAGE = HTMLResponse("Streamlit's page", headers={"etag": "1", "cache-control": "no-cache"})


def answer(response: Response, method: str = "GET") -> tuple[dict[str, str], str]:
    """Return the headers and the body that the browser gets when Streamlit answers with `response`."""
    messages = []

    async def send(message):
        messages.append(message)

    scope = {"type": "http", "method": method, "path": "/queue", "headers": []}
    asyncio.run(FirstPaint(response)(scope, None, send))
    start, *bodies = messages
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return headers, b"".join(each["body"] for each in bodies).decode()


def test_streamlits_page_is_replaced_by_the_first_page():
    headers, body = answer(PAGE)
    assert body == first_page()
    assert "etag" not in headers
    assert headers["cache-control"] == "no-cache"
    assert headers["content-length"] == str(len(body.encode()))


def test_a_request_for_the_headers_gets_those_of_the_first_page():
    assert answer(PAGE, "HEAD") == (answer(PAGE)[0], "")


@pytest.mark.parametrize("response", [HTMLResponse("Not found", status_code=404), PlainTextResponse("ok")])
def test_other_answers_pass_unchanged(response):
    assert answer(response)[1] == response.body.decode()


def test_the_first_page_has_the_styles_after_those_of_streamlit():
    head, _, body = first_page().partition("</head>")
    assert all(each.read_text() in body for each in STYLES)
    assert "<title>Punctual</title>" in head
    assert head.index("BACKEND_BASE_URL") < head.index('<script type="module"')


def test_the_policy_allows_each_script_of_the_first_page():
    scripts = re.findall(r"<script>", first_page())
    assert content_security_policy().count("'sha256-") == len(scripts) == 2
