"""The files of attachments, served beside the API as a file store serves them.

A private file's address dies after 7 days (API reference 7.4). Where files really lie is
unknown; here it is under `/files` of the simulator's own address.
"""

from collections import deque

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hostaway_message_db.simulator.world import World

REMEMBERED = 10_000
TYPES = {"jpeg": "image/jpeg", "pdf": "application/pdf"}

_JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000fffe")
_END = bytes.fromhex("ffd9")
_PDF = b"%%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%% %s\ntrailer<</Root 1 0 R>>\n%%%%EOF\n"


def file_content(name: str, extension: str, *, is_public: bool) -> bytes:
    """Return a file's bytes: a photo of its own, or the one guide that all guests get."""
    if extension == "pdf":
        return _PDF % (b"The house guide" if is_public else name.encode())
    comment = f"photo {name}".encode()
    return _JPEG + (len(comment) + 2).to_bytes(2, "big") + comment + _END


class FileShelf:
    """Serves the files of a world, and remembers what was asked for."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.asked: deque[str] = deque(maxlen=REMEMBERED)

    async def serve(self, request: Request) -> Response:
        """GET /files/{kind}/{name}."""
        self.asked.append(request.url.path)
        status = self._world.switches.file_status
        name, _, extension = request.path_params["name"].rpartition(".")
        is_public = request.path_params["kind"] == "public"
        expires = request.query_params.get("expires", "0")
        if status != 200:  # noqa: PLR2004 - HTTP's own number
            return Response(status_code=status)
        if not is_public and not (expires.isdecimal() and int(expires) > self._world.now):
            return Response("<Error><Code>AccessDenied</Code></Error>", 403)
        content = file_content(name, extension, is_public=is_public)
        return Response(content, media_type=TYPES.get(extension, "application/octet-stream"))


def file_route(shelf: FileShelf) -> Route:
    """Return the route of the files."""
    return Route("/files/{kind}/{name}", shelf.serve, methods=["GET"])
