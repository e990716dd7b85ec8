"""The web application: routes behind the gate."""

from typing import Any

from fastapi import FastAPI

from hostaway_message_db import __version__
from hostaway_message_db.web.access import Access
from hostaway_message_db.web.answers import add_error_handlers
from hostaway_message_db.web.gate import Gate
from hostaway_message_db.web.manual import add_manual
from hostaway_message_db.web.meters import Meters
from hostaway_message_db.web.routes import attachments, conversations, figures, health, messages
from hostaway_message_db.web.services import Services

TITLE = "Hostaway Message Database"


def create_app(services: Services, access: Access) -> FastAPI:
    """Return the application; nothing is asked of the database before the first request."""
    meters = Meters()
    app = _routed(services, meters)
    app.add_middleware(Gate, access=access, meters=meters, clock=services.clock)
    if access.keys:
        _tell_of_keys(app)
    return app


def description() -> dict[str, Any]:
    """Return what `/openapi.json` says of every route; there is nothing behind them."""
    return _routed(Services(), Meters()).openapi()


def _routed(services: Services, meters: Meters) -> FastAPI:
    app = FastAPI(
        title=TITLE,
        version=__version__,
        description="Guest messages, who waits for an answer, and the figures. The same values as"
        " the command line's `--json`.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.include_router(health.router(services, meters))
    app.include_router(messages.router(services))
    app.include_router(conversations.router(services))
    app.include_router(attachments.router(services))
    app.include_router(figures.router(services))
    add_manual(app)
    add_error_handlers(app)
    return app


def _tell_of_keys(app: FastAPI) -> None:
    """Let the manual's page ask for the key."""
    schema = app.openapi()
    schema.setdefault("components", {})["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer"}
    }
    schema["security"] = [{"key": []}]
