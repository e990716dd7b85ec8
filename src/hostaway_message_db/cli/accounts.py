"""Which accounts a command is for: the one of the settings, or those of a file."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Protocol, TypeVar

import typer

from hostaway_message_db.bootstrap import Application
from hostaway_message_db.cli import runner
from hostaway_message_db.cli.output import console, print_json
from hostaway_message_db.config import Settings, accounts_of
from hostaway_message_db.errors import (
    DatabaseUnavailable,
    ExitCode,
    HostawayMessageDbError,
    UsageError,
    worst_exit_code,
)

AccountOption = Annotated[
    str | None, typer.Option("--account", metavar="ID", help="Only this account, of several.")
]


class Result(Protocol):
    """What a command found of one account."""

    @property
    def exit_code(self) -> int:
        """Return what the process says."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        ...


Found = TypeVar("Found", bound=Result)


def chosen_accounts(settings: Settings, account_id: str | None) -> Sequence[Settings]:
    """Return the settings of the accounts that are meant; raises `UsageError` for none."""
    every = accounts_of(settings)
    if account_id is None:
        return every
    found = [each for each in every if each.hostaway_account_id == account_id]
    if not found:
        known = ", ".join(each.hostaway_account_id for each in every if each.hostaway_account_id)
        raise UsageError(f"There is no account {account_id!r}.", f"Known: {known or 'none'}.")
    return found


def one_account(settings: Settings, account_id: str | None) -> Settings:
    """Return the settings of the one account that is meant; raises `UsageError` for several."""
    found = chosen_accounts(settings, account_id)
    if len(found) > 1:
        raise UsageError("There are several accounts.", "Name one with --account.")
    return found[0]


async def for_each_account(
    application: Application,
    account_id: str | None,
    work: Callable[[Application], Awaitable[Found]],
    show: Callable[[Found], None],
    *,
    as_json: bool,
) -> int:
    """Do a command's work for each account, and return the worst exit code.

    One account's failure leaves the others; a database that is gone, and being asked to stop, end
    them all. Several
    accounts are told of as one object, `accounts`.
    """
    settings = application.settings
    chosen = chosen_accounts(settings, account_id)
    if settings.hostaway_accounts_file is None or account_id is not None:
        found = await work(application.of(chosen[0]))
        show(found)
        return found.exit_code
    every: list[dict[str, Any]] = []
    for each in chosen:
        if not as_json:
            console().rule(f"Account {each.hostaway_account_id}")
        try:
            found = await work(application.of(each))
        except DatabaseUnavailable:
            raise
        except HostawayMessageDbError as error:
            runner.report_error(error, as_json=False)
            told: dict[str, Any] = {"error": runner.error_json(error)}
            code = error.exit_code
        else:
            told, code = found.to_json(), found.exit_code
            if not as_json:
                show(found)
        every.append({**told, "account_id": each.hostaway_account_id, "exit_code": code})
        if code == ExitCode.INTERRUPTED:
            break
    worst = worst_exit_code(told["exit_code"] for told in every)
    if as_json:
        print_json({"accounts": every, "exit_code": worst})
    return worst
