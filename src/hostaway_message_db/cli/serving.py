"""`serve`: the REST API."""

from typing import Annotated, Any

import typer

from hostaway_message_db.bootstrap import open_application
from hostaway_message_db.cli import runner
from hostaway_message_db.cli.output import console
from hostaway_message_db.config import Settings
from hostaway_message_db.errors import ConfigurationError


def register(app: typer.Typer) -> None:
    """Add this family of commands."""
    app.command()(serve)


def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Where to listen; else WEB_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="The port, 0 a free one; else WEB_PORT.")] = None,
) -> None:
    """Serve the REST API until Ctrl-C; /docs lists its routes."""
    given: dict[str, Any] = {"web_host": host, "web_port": port}
    overrides = {name: value for name, value in given.items() if value is not None}

    async def work(settings: Settings) -> int:
        # The web framework: a tenth of a second and 6 MB, for those who serve.
        from hostaway_message_db.web.access import Access  # noqa: PLC0415
        from hostaway_message_db.web.app import create_app  # noqa: PLC0415
        from hostaway_message_db.web.server import (  # noqa: PLC0415
            address_of,
            listen,
            serve_until_stopped,
        )
        from hostaway_message_db.web.services import Services  # noqa: PLC0415

        keys = tuple(key.get_secret_value() for key in settings.web_api_keys)
        try:
            listening = listen(settings.web_host, settings.web_port)
        except OSError as error:
            place = f"WEB_HOST and WEB_PORT are {settings.web_host}:{settings.web_port}"
            raise ConfigurationError(
                [f"{place}: they cannot be listened on ({error.strerror})."],
                "Another process may have the port: stop it, or take another with --port.",
            ) from error
        with listening:
            async with open_application(settings, stays=True) as application:
                web = create_app(Services(application), Access(keys))
                console().print(f"Serving on {address_of(listening)} (Ctrl-C ends).")
                await serve_until_stopped(web, listening)
        return 0

    runner.run(work, logs_to_files=True, **overrides)
