"""Conversations: one whole, and those whose guests wait."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from hostaway_message_db.errors import NotFound
from hostaway_message_db.insights.waiting_list import MAX_LISTED, who_waits
from hostaway_message_db.web import schemas
from hostaway_message_db.web.answers import answer
from hostaway_message_db.web.parameters import ERRORS, Account, Text
from hostaway_message_db.web.services import Services

Limit = Annotated[int, Query(description=f"Most threads in the answer, from 1 to {MAX_LISTED}.")]
Versions = Annotated[bool, Query(description="With what changed messages said before.")]


def router(services: Services) -> APIRouter:
    """Return the routes of conversations."""
    made = APIRouter(prefix="/api/v1", tags=["conversations"], responses=ERRORS)

    @made.get(
        "/conversations/{conversation_id}",
        summary="One conversation, oldest message first",
        response_class=Response,
        responses=schemas.of(schemas.ConversationShape),
    )
    async def conversation(
        conversation_id: str, *, versions: Versions = False, account: Account = None
    ) -> Response:
        """Return all messages of a conversation, as `thread --json`."""
        messages = await services.queries.thread(conversation_id, account)
        if not messages:
            raise NotFound("No message of this conversation is stored.")
        if versions:
            former = await services.queries.former_versions(conversation_id)
            messages = [{**m, "versions": former.get(m["message_id"], [])} for m in messages]
        return answer({"conversation_id": conversation_id, "messages": messages})

    @made.get(
        "/waiting",
        summary="Whose guests wait, worst first",
        response_class=Response,
        responses=schemas.of(schemas.WaitingListShape),
    )
    async def waiting(text: Text = "", limit: Limit = 50, account: Account = None) -> Response:
        """Return threads whose guest wrote last and wants an answer, as `waiting --json`."""
        found = await who_waits(
            services.figures, services.clock.now(), where=text, limit=limit, account_id=account
        )
        return answer(found.to_json())

    return made
