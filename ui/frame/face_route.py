"""The routes of faces and logos, beside Streamlit's: a browser loads each once, and pages carry addresses only."""

from functools import lru_cache

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.errors import PunctualError
from core.media.pictures import thumbnail
from ui.frame.application import application
from ui.frame.face_picture import face_svg, logo_svg
from ui.frame.faces import PATH, SIZES

_HEADERS = {"Cache-Control": "private, max-age=604800, immutable", "X-Robots-Tag": "noindex"}
_USUAL_SIZE, _SMALLEST = 24, 48


def face_routes() -> list[Route]:
    """Return the routes. They answer 404 for an account that is not connected, and to sizes that no page uses."""
    return [
        Route(f"/{PATH}/accounts/{{destination}}.svg", _serve_face, methods=["GET", "HEAD"]),
        Route(f"/{PATH}/networks/{{network}}.svg", _serve_logo, methods=["GET", "HEAD"]),
    ]


def _serve_face(request: Request) -> Response:
    """Answer one request. Starlette calls it in a thread, because it reads the accounts and the media store."""
    try:
        account, size = application().accounts.get(request.path_params["destination"]), _size(request)
    except (PunctualError, ValueError):
        return _missing()
    try:
        avatar = _avatar(account.avatar, max(2 * size, _SMALLEST)) if account.avatar else None
    except PunctualError:
        return _answer(face_svg(account, None, size), {"Cache-Control": "no-store"})
    return _answer(face_svg(account, avatar, size), _HEADERS)


def _serve_logo(request: Request) -> Response:
    network = request.path_params["network"]
    try:
        known = network in application().networks
        return _answer(logo_svg(network, _size(request)), _HEADERS) if known else _missing()
    except (PunctualError, ValueError):
        return _missing()


@lru_cache(maxsize=200)
def _avatar(reference: str, side: int) -> bytes:
    """Return an avatar for screens with two pixels in the place of one. Raises PunctualError."""
    return thumbnail(application().media.get(reference), side=side)


def _size(request: Request) -> int:
    """Return the size in pixels. Raises ValueError."""
    size = int(request.query_params.get("size", _USUAL_SIZE))
    if size not in SIZES:
        raise ValueError(size)
    return size


def _answer(svg: str, headers: dict[str, str]) -> Response:
    return Response(svg, media_type="image/svg+xml", headers=headers)


def _missing() -> Response:
    return PlainTextResponse("There is no such picture.\n", 404, {"Cache-Control": "no-store"})
