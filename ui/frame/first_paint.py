"""The page that the browser loads first: Streamlit's own, with Punctual's styles, typeface and address in it.

Streamlit's page gets its styles with the first run of the script, so everything would move when they arrive.
"""

from functools import cache
from pathlib import Path

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STYLE = Path(__file__).with_name("style.css")
STYLES = (STYLE, STYLE.parents[1] / "compose" / "compose.css")
"""The stylesheets of pages. Components have their own."""
SCRIPT = 'window.__streamlit = { BACKEND_BASE_URL: new URL(".", location.href).href }'
"""Names the server's address. Without it, Streamlit looks for its server below the address of the page, too, and the
browser's console reports both answers as errors."""
_TYPEFACE = (
    '<link rel="preload" href="./app/static/fonts/figtree-latin.woff2" as="font" type="font/woff2" crossorigin />'
)
_MODULES = '<script type="module"'
_ICON = '<link rel="icon" href="./app/static/icon.svg" type="image/svg+xml" />'


@cache
def first_page() -> str:
    """Return the page."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    before, modules, after = page.partition(_MODULES)
    head = f"{_TYPEFACE}\n    {_ICON}\n    <script>{SCRIPT}</script>\n    "
    page = f"{before}{head}{modules}{after}".replace("<title>Streamlit</title>", "<title>Punctual</title>")
    styles = "\n".join(each.read_text(encoding="utf-8") for each in STYLES)
    return page.replace("</body>", f"<style>\n{styles}</style>\n  </body>")


class FirstPaint:
    """ASGI middleware that answers with `first_page` where Streamlit answers with its own page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        replaced = False

        async def replacing(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and _is_page(message):
                replaced = True
                page = first_page().encode()
                headers = MutableHeaders(raw=message["headers"])
                for name in ("etag", "last-modified", "content-encoding"):  # they belong to Streamlit's page
                    del headers[name]
                headers["content-length"] = str(len(page))
                await send(message)
                await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else page})
            elif not replaced:
                await send(message)

        await self._app(scope, receive, replacing)


def _is_page(start: Message) -> bool:
    kind = Headers(raw=start["headers"]).get("content-type", "")
    return start["status"] == 200 and kind.startswith("text/html")
