"""The outermost edge: settings in, exit code out; every error a sentence and a hint."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import typer
from pydantic import SecretStr

from hostaway_message_db.cli.output import print_json, printable
from hostaway_message_db.config import Settings, accounts_of, load_settings
from hostaway_message_db.errors import ConfigurationError, HostawayMessageDbError, Interrupted
from hostaway_message_db.utils.logger import configure_logging, masked, remember_secrets
from hostaway_message_db.utils.masking import secret_parts

Work = Callable[[Settings], Coroutine[Any, Any, int]]


def run(
    work: Work,
    *,
    as_json: bool = False,
    hostaway_needed: bool = False,
    logs_to_files: bool = False,
    quiet_console: bool = False,
    **overrides: Any,
) -> NoReturn:
    """Read the settings, do the work, and end the process with its exit code.

    Ctrl-C and SIGTERM cancel the work, which ends cleanly and can be resumed.
    """
    try:
        settings = load_settings(hostaway_needed=hostaway_needed, **overrides)
        _configure(settings, logs_to_files=logs_to_files, quiet_console=quiet_console)
        code = _run_to_the_end(work(settings))
    except HostawayMessageDbError as error:
        report_error(error, as_json=as_json)
        code = error.exit_code
    except (KeyboardInterrupt, asyncio.CancelledError):
        stopped = Interrupted("Stopped before the end.")
        report_error(stopped, as_json=as_json)
        code = stopped.exit_code
    raise typer.Exit(code)


def _configure(settings: Settings, *, logs_to_files: bool, quiet_console: bool) -> None:
    remember_secrets(_secrets_of(settings))
    try:
        configure_logging(
            settings.log_level,
            settings.log_dir if logs_to_files else None,
            settings.log_retention_days,
            console_level="WARNING" if quiet_console else None,
        )
    except OSError as error:
        raise ConfigurationError(
            [f"LOG_DIR is {str(settings.log_dir)!r}: it cannot be written to ({error.strerror})."]
        ) from error


def _secrets_of(settings: Settings) -> set[str]:
    """Return every secret of the settings, and those within addresses."""
    values = (getattr(settings, name) for name in Settings.model_fields)
    every = [part for value in values for part in (value if isinstance(value, tuple) else (value,))]
    secrets = {part.get_secret_value() for part in every if isinstance(part, SecretStr)}
    secrets |= {each.hostaway_api_key.get_secret_value() for each in accounts_of(settings)}
    return {part for secret in secrets if secret for part in secret_parts(secret)}


def _run_to_the_end(work: Coroutine[Any, Any, int]) -> int:
    async def main() -> int:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        if task is not None and sys.platform != "win32":
            loop.add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    return asyncio.run(main())


def error_json(error: HostawayMessageDbError) -> dict[str, str]:
    """Return an error as programs get it."""
    return {"code": error.code, "message": masked(error.message), "hint": masked(error.hint)}


def report_error(error: HostawayMessageDbError, *, as_json: bool) -> None:
    """Tell what happened and what to do: on standard error, and as JSON where asked for."""
    message, hint = masked(error.message), masked(error.hint)
    sys.stderr.write(f"Error: {printable(message)}\n")
    if hint:
        sys.stderr.write(f"{printable(hint)}\n")
    if as_json:
        print_json({"error": error_json(error)})
