"""The route of the calendar feed, beside Streamlit's."""

import logging

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.bulk.feed import FeedToken, feed
from core.errors import PunctualError
from ui.frame.application import application

FEED_PATH = "/calendar-feed"
_HEADERS = {
    "Cache-Control": "private, max-age=60",
    "X-Robots-Tag": "noindex",
    "Content-Disposition": 'inline; filename="punctual.ics"',
}


def feed_routes() -> list[Route]:
    """Return the route. It answers 404 to every address but that of the token."""
    return [Route(f"{FEED_PATH}/{{token:path}}", _serve, methods=["GET", "HEAD"])]


def feed_path(token: str) -> str:
    """Return the path of the feed."""
    return f"{FEED_PATH}/{token}.ics"


def _serve(request: Request) -> Response:
    """Answer one request. Starlette calls it in a thread, because it reads the queue."""
    token = str(request.path_params["token"])
    try:
        app = application()
        if not FeedToken(app.home).matches(token.removesuffix(".ics")) or not token.endswith(".ics"):
            return PlainTextResponse("There is no such address.\n", 404, {"Cache-Control": "no-store"})
        return Response(feed(app, _address(request)), media_type="text/calendar", headers=_HEADERS)
    except PunctualError as error:
        logging.getLogger(__name__).warning("The calendar feed cannot be served: %s %s", error, error.hint)
        return PlainTextResponse("The calendar cannot be read now. Try again later.\n", 503, {"Retry-After": "60"})


def _address(request: Request) -> str:
    """Return the address of the dashboard as the reader knows it. The middleware has checked its host."""
    forwarded = request.headers.get("x-forwarded-proto", "")
    scheme = forwarded if forwarded in ("http", "https") else request.url.scheme
    return f"{scheme}://{request.headers['host']}"
