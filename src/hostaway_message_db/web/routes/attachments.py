"""Files: what was sent with messages, as downloads."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response, StreamingResponse

from hostaway_message_db.errors import NotFound
from hostaway_message_db.web.gate import is_head
from hostaway_message_db.web.parameters import ERRORS, Account
from hostaway_message_db.web.services import Services

FileId = Annotated[str, Path(description="`file_id` of an entry in a message's `attachments`.")]
BYTES = {"content": {"application/octet-stream": {}}, "description": "The file"}


def router(services: Services) -> APIRouter:
    """Return the route of files."""
    made = APIRouter(prefix="/api/v1/attachments", tags=["attachments"], responses=ERRORS)

    @made.get(
        "/{file_id}",
        summary="A file that was sent with a message",
        response_class=Response,
        responses={200: BYTES},
    )
    async def attachment(request: Request, file_id: FileId, account: Account = None) -> Response:
        """Send a stored file in parts, always as a download and never as what a browser would run.

        Only a file that a message refers to, or what a message was before it changed.
        """
        file = await services.files.open(file_id, account)
        if file is None:
            raise NotFound(
                "No such file is stored.", "`status` names files that could not be downloaded."
            )
        if is_head(request.scope):
            return Response(headers=file.headers)
        return StreamingResponse(file.parts, headers=file.headers)

    return made
