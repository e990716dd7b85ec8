"""Messages: search, and one by its id."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from hostaway_message_db.errors import NotFound
from hostaway_message_db.insights.search import MAX_RESULTS, Order
from hostaway_message_db.web import schemas
from hostaway_message_db.web.answers import answer
from hostaway_message_db.web.parameters import ERRORS, Account, Text
from hostaway_message_db.web.services import Services

Limit = Annotated[int, Query(description=f"Most messages in the answer, from 1 to {MAX_RESULTS}.")]
Cursor = Annotated[str, Query(description="`next_cursor` of the page before.")]


def router(services: Services) -> APIRouter:
    """Return the routes of messages."""
    made = APIRouter(prefix="/api/v1/messages", tags=["messages"], responses=ERRORS)

    @made.get(
        "",
        summary="Search what was said",
        response_class=Response,
        responses=schemas.of(schemas.MessagesShape),
    )
    async def search(
        text: Text = "",
        order: Order = Order.NEWEST,
        limit: Limit = 20,
        cursor: Cursor = "",
        account: Account = None,
    ) -> Response:
        """Return a page of messages, as `search --json`; without a query, of all messages.

        `marks` are where the words stand in `content`; `notices` name what of the query was
        not understood and was searched as words.
        """
        found = await services.search.run(
            text,
            services.clock.now(),
            order=order,
            limit=limit,
            cursor=cursor,
            account_id=account,
        )
        return answer(found.to_json())

    @made.get(
        "/{message_id}",
        summary="One message",
        response_class=Response,
        responses=schemas.of(schemas.MessageShape),
    )
    async def message(message_id: str, account: Account = None) -> Response:
        """Return one message as it is stored."""
        found = [
            one
            for one in await services.queries.messages([message_id])
            if account in {None, one["account_id"]}
        ]
        if not found:
            raise NotFound("No such message is stored.")
        return answer(found[0])

    return made
