"""The route of Compose's own address, beside Streamlit's, which has the first page at `/` alone."""

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from ui.frame import links


def page_routes() -> list[Route]:
    """Return the route. It redirects a bookmark or a typed address to the page."""
    return [Route(f"/{links.COMPOSE.stem}", _open_compose, methods=["GET", "HEAD"])]


async def _open_compose(request: Request) -> RedirectResponse:
    """Answer one request. The address is relative, because a proxy may serve the dashboard below a path."""
    query = request.url.query
    return RedirectResponse(f"./?{query}" if query else "./")
