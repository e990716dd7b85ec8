"""Is it alive, is it ready, how is it doing; and what else there is to ask."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from hostaway_message_db.errors import DatabaseError
from hostaway_message_db.insights.status import Status, assess
from hostaway_message_db.web import schemas
from hostaway_message_db.web.answers import answer
from hostaway_message_db.web.meters import CONTENT_TYPE, Meters
from hostaway_message_db.web.parameters import ERRORS, Account
from hostaway_message_db.web.services import Services


def router(services: Services, meters: Meters) -> APIRouter:
    """Return the routes of health."""
    made = APIRouter(tags=["health"])

    async def look(account: str | None) -> Status:
        return assess(await services.queries.overview(account), services.clock.now())

    @made.get("/", include_in_schema=False)
    async def home() -> Response:
        return RedirectResponse("/docs")

    @made.get(
        "/healthz",
        summary="The process lives",
        response_class=Response,
        responses=schemas.of(schemas.HealthShape),
    )
    async def healthz() -> Response:
        """Answer, without asking the database."""
        return answer({"status": "ok"})

    @made.get(
        "/readyz",
        summary="The database answers",
        responses={**schemas.of(schemas.HealthShape), 503: ERRORS[503]},
        response_class=Response,
    )
    async def readyz() -> Response:
        """Answer 200 if the database does; name the indexes that a running first load lacks."""
        overview = await services.queries.overview()
        return answer({"status": "ok", "missing_indexes": list(overview.missing_indexes)})

    @made.get("/metrics", summary="For Prometheus", response_class=Response)
    async def metrics() -> Response:
        """Tell how requests are answered and how the copy is doing, in Prometheus' text form."""
        try:
            status = await look(None)
        except DatabaseError:
            status = None
        return Response(meters.page(status), headers={"Content-Type": CONTENT_TYPE})

    @made.get(
        "/api/v1/status",
        summary="How the copy is doing",
        responses={**schemas.of(schemas.StatusShape), **ERRORS},
        response_class=Response,
    )
    async def status(account: Account = None) -> Response:
        """Tell of the last runs, freshness, counts, quarantine and health, as `status --json`."""
        return answer((await look(account)).to_json())

    return made
