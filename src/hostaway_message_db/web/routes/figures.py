"""Figures: the same definitions and values as everywhere else."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from hostaway_message_db.insights.figures import read_period
from hostaway_message_db.web import schemas
from hostaway_message_db.web.answers import answer
from hostaway_message_db.web.parameters import ERRORS, Account, Compare, Group, Since, Text, Until
from hostaway_message_db.web.services import Services

MOST_METRICS = 100
Metrics = Annotated[
    list[str],
    Query(alias="metric", max_length=MOST_METRICS, description="Ids such as R2; all without."),
]


def router(services: Services) -> APIRouter:
    """Return the routes of figures."""
    made = APIRouter(prefix="/api/v1/figures", tags=["figures"], responses=ERRORS)

    async def tell(
        metrics: list[str],
        text: str,
        span: tuple[str, str],
        by: Group,
        compare: str,
        account: str | None,
    ) -> Response:
        now = services.clock.now()
        told = await services.figures.tell(
            metrics,
            read_period(*span, now, ("since", "until")),
            now,
            where=text,
            by=by,
            compares=bool(compare),
            account_id=account,
        )
        return answer(told.to_json())

    @made.get(
        "",
        summary="Figures",
        response_class=Response,
        responses=schemas.of(schemas.FiguresShape),
    )
    async def figures(
        metrics: Metrics = [],  # noqa: B006 - the framework copies it
        text: Text = "",
        since: Since = "",
        until: Until = "",
        by: Group = None,
        compare: Compare = "",
        account: Account = None,
    ) -> Response:
        """Return figures of a period, as `stats --json`, each with n and its definition."""
        return await tell(metrics, text, (since, until), by, compare, account)

    @made.get(
        "/{metric}",
        summary="One figure",
        response_class=Response,
        responses=schemas.of(schemas.FiguresShape),
    )
    async def figure(
        metric: str,
        text: Text = "",
        since: Since = "",
        until: Until = "",
        by: Group = None,
        compare: Compare = "",
        account: Account = None,
    ) -> Response:
        """Return one figure of a period, as `stats METRIC --json`."""
        return await tell([metric], text, (since, until), by, compare, account)

    return made
