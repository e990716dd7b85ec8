"""`doctor`: what is set, from where, what can be reached, and what to do about the rest."""

from typing import Annotated, Any

import typer

from hostaway_message_db import __version__
from hostaway_message_db.bootstrap import hostaway_client, open_application
from hostaway_message_db.cli import runner
from hostaway_message_db.cli.output import console, escape, print_json, table
from hostaway_message_db.cli.setting_origins import describe_settings
from hostaway_message_db.config import Settings, accounts_of
from hostaway_message_db.enrichment.language import is_detector_installed
from hostaway_message_db.errors import (
    DatabaseUnavailable,
    ExitCode,
    HostawayMessageDbError,
    ModelsMissing,
)
from hostaway_message_db.utils.clock import SystemClock
from hostaway_message_db.utils.masking import mask_uri

OLDEST_MONGODB = (5, 0)
MODELS_MISSING = "not installed: messages stay without language, sentiment and topics"


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(doctor)


def doctor(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Check settings (secrets masked), reachability, versions and indexes."""

    async def work(settings: Settings) -> int:
        checks = [await _check_hostaway(each) for each in accounts_of(settings)]
        checks += await _check_database(settings)
        checks.append(_check_models())
        told = {
            "version": __version__,
            "settings": [
                {"name": s.name, "value": s.value, "origin": s.origin}
                for s in describe_settings(settings)
            ],
            "checks": checks,
        }
        _show(told, as_json=as_json)
        return next((int(c["exit_code"]) for c in checks if c["exit_code"]), ExitCode.COMPLETE)

    runner.run(work, as_json=as_json, quiet_console=True)


def _check(name: str, finding: str, error: HostawayMessageDbError | None = None) -> dict[str, Any]:
    if error is None:
        return {"name": name, "is_good": True, "finding": finding, "hint": "", "exit_code": 0}
    return {
        "name": name,
        "is_good": False,
        "finding": error.message,
        "hint": error.hint,
        "exit_code": error.exit_code,
    }


async def _check_hostaway(settings: Settings) -> dict[str, Any]:
    if not settings.hostaway_account_id or not settings.hostaway_api_key.get_secret_value():
        return {
            **_check("Hostaway", "no credentials are set"),
            "is_good": False,
            "hint": "Set HOSTAWAY_ACCOUNT_ID and HOSTAWAY_API_KEY to use a real account.",
            "exit_code": ExitCode.CONFIGURATION,
        }
    several = settings.hostaway_accounts_file is not None
    name = f"Hostaway account {settings.hostaway_account_id}" if several else "Hostaway"
    try:
        async with hostaway_client(settings, SystemClock()) as client:
            await client.check_access()
    except HostawayMessageDbError as error:
        return _check(name, "", error)
    return _check(name, f"{settings.hostaway_base_url} answers and takes the credentials")


async def _check_database(settings: Settings) -> list[dict[str, Any]]:
    try:
        async with open_application(settings) as application:
            version = await application.database.server_version()
            overview = await application.queries.overview()
            address = mask_uri(application.mongodb_address)
    except HostawayMessageDbError as error:
        return [_check("MongoDB", "", error)]
    kind = "given" if settings.mongodb_uri.get_secret_value() else "embedded"
    found = _check("MongoDB", f"{kind} server {version} at {address}")
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_MONGODB:
        found = _check("MongoDB", "", DatabaseUnavailable(f"MongoDB {version} is too old; 5.0+."))
    missing = ", ".join(overview.missing_indexes)
    indexes = f"missing, the next sync builds them: {missing}" if missing else "all there"
    return [found, _check("Indexes", indexes)]


def _check_models() -> dict[str, Any]:
    """Say whether messages can be labelled; everything else works without."""
    if is_detector_installed():
        return _check("Language models", "installed")
    return {**_check("Language models", MODELS_MISSING), "hint": ModelsMissing.default_hint}


def _show(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    out = console()
    settings = table(f"Settings of version {told['version']}", "setting", "value", "from")
    for setting in told["settings"]:
        settings.add_row(setting["name"], escape(setting["value"]), setting["origin"])
    out.print(settings)
    for check in told["checks"]:
        mark = "[green]good[/green]" if check["is_good"] else "[red]problem[/red]"
        out.print(f"{mark}  {check['name']}: {escape(check['finding'])}")
        if check["hint"]:
            out.print(f"         {escape(check['hint'])}")
