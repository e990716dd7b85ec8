"""`forget-guest`, `export-guest`: erasure with a receipt, subject access."""

import os
import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from hostaway_message_db.bootstrap import Application, open_application
from hostaway_message_db.cli import runner
from hostaway_message_db.cli.accounts import AccountOption, one_account
from hostaway_message_db.cli.output import Json, console, print_json, table, when
from hostaway_message_db.config import Settings
from hostaway_message_db.errors import ConfigurationError, UsageError
from hostaway_message_db.ports.files import plain_name
from hostaway_message_db.privacy.forget import ErasurePlan, Forgotten
from hostaway_message_db.privacy.identity import Selectors
from hostaway_message_db.privacy.subject_access import Dossier

Reservations = Annotated[
    list[str] | None,
    typer.Option("--reservation", metavar="ID", help="A reservation's id; may be repeated."),
]
Emails = Annotated[
    list[str] | None,
    typer.Option("--email", metavar="X", help="The guest's e-mail address; may be repeated."),
]
Phones = Annotated[
    list[str] | None,
    typer.Option("--phone", metavar="X", help="The guest's phone number; may be repeated."),
]

FILE_MODE, FOLDER_MODE = 0o600, 0o700
DOSSIER_NAME = "guest"
FILES_FOLDER = "files"


def register(app: typer.Typer) -> None:
    """Add this family of commands."""
    app.command("forget-guest")(forget_guest)
    app.command("export-guest")(export_guest)


def forget_guest(
    *,
    reservations: Reservations = None,
    emails: Emails = None,
    phones: Phones = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be erased; change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    account: AccountOption = None,
    as_json: Json = False,
) -> None:
    """Erase what is stored of a guest, for good, with a receipt."""

    async def work(settings: Settings) -> int:
        settings = one_account(settings, account)
        selectors = _selectors(settings, reservations, emails, phones)
        async with open_application(settings) as application:
            if dry_run or not yes:
                plan = await application.privacy.plan(selectors)
                if dry_run:
                    show_plan(plan, as_json=as_json)
                    return 0
                if not plan.is_empty:
                    _ask(plan)
            forgotten = await application.forget_guest(selectors)
        show_receipt(forgotten, as_json=as_json)
        return 0

    runner.run(work, as_json=as_json, logs_to_files=not dry_run, quiet_console=True)


def export_guest(
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            metavar="FOLDER|FILE",
            help="A folder for both and the files sent, or a file that ends in .json or .html.",
        ),
    ],
    reservations: Reservations = None,
    emails: Emails = None,
    phones: Phones = None,
    account: AccountOption = None,
    as_json: Json = False,
) -> None:
    """Write everything stored of a guest, as JSON and as a page to read."""

    async def work(settings: Settings) -> int:
        settings = one_account(settings, account)
        selectors = _selectors(settings, reservations, emails, phones)
        async with open_application(settings) as application:
            dossier = await application.privacy.collect(selectors, application.clock.now())
            written = write_dossier(dossier, output)
            if output.is_dir():
                written += await write_files(application, dossier, output / FILES_FOLDER)
        if as_json:
            print_json({"files": [str(path) for path in written], "counts": dossier.counts})
        else:
            _show_counts("Exported", dossier.counts)
            console().print("\n".join(f"Written: {path}" for path in written), markup=False)
        return 0

    runner.run(work, as_json=as_json, logs_to_files=True, quiet_console=True)


def _selectors(
    settings: Settings,
    reservations: list[str] | None,
    emails: list[str] | None,
    phones: list[str] | None,
) -> Selectors:
    if not settings.hostaway_account_id:
        raise ConfigurationError(["HOSTAWAY_ACCOUNT_ID is not set: guests belong to an account."])
    try:
        selectors = Selectors.given(reservations or [], emails or [], phones or [])
    except ValueError as error:
        raise UsageError(str(error)) from error
    if not selectors:
        raise UsageError("Name the guest by --reservation, --email or --phone.")
    return selectors


def _ask(plan: ErasurePlan) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "There is no terminal to ask on.", "Look with --dry-run, then add --yes to erase."
        )
    total = sum(plan.counts.values())
    stays = len(plan.subject.reservation_ids)
    sentence = f"Erase {total} records of {stays} reservation(s)? This cannot be undone."
    if not typer.confirm(sentence, err=True):
        raise UsageError("Nothing was erased.", "Answer y to erase.")


def show_plan(plan: ErasurePlan, *, as_json: bool) -> None:
    """Print what would be erased: figures and ids, no names."""
    if as_json:
        print_json({"dry_run": True, **plan.to_json()})
        return
    _show_counts("Would be erased", plan.counts)
    out = console()
    out.print(f"Reservations: {', '.join(sorted(plan.subject.reservation_ids)) or 'none'}")
    out.print(f"Conversations: {', '.join(sorted(plan.subject.conversation_ids)) or 'none'}")
    if plan.other_reservations:
        out.print(
            f"{plan.other_reservations} more reservation(s) bear the same e-mail address or phone"
            " number: name the guest by --email or --phone to erase them too."
        )
    for receipt in plan.receipts:
        out.print(f"Forgotten before: receipt {receipt.receipt_id}, {when(receipt.erased_at)} UTC")


def show_receipt(forgotten: Forgotten, *, as_json: bool) -> None:
    """Print the receipt of an erasure."""
    if as_json:
        print_json(forgotten.to_json())
        return
    receipt, out = forgotten.receipt, console()
    if forgotten.is_already_forgotten:
        out.print("This guest was forgotten before; this is the receipt of that time.")
    _show_counts("Erased", dict(receipt.counts))
    out.print(f"Receipt: {receipt.receipt_id}")
    out.print(f"Erased: {when(receipt.erased_at)} UTC, found by {', '.join(receipt.selected_by)}")
    out.print(f"Version: {receipt.version}")
    out.print("What remains, and why:")
    for sentence in receipt.remains:
        out.print(f"  - {sentence}")
    out.print(receipt.backups)


def _show_counts(title: str, counts: dict[str, int]) -> None:
    shown = table(title, "collection", "#records")
    for name, count in counts.items():
        shown.add_row(name, str(count))
    console().print(shown)


def write_dossier(dossier: Dossier, output: Path) -> list[Path]:
    """Write the export for its owner's eyes alone; raises `UsageError` when that fails."""
    forms = {".json": dossier.to_text, ".html": dossier.to_html}
    try:
        if output.suffix in forms and not output.is_dir():
            _write(output, forms[output.suffix]())
            return [output]
        output.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        written = [output / f"{DOSSIER_NAME}{suffix}" for suffix in forms]
        for path, form in zip(written, forms.values(), strict=True):
            _write(path, form())
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}.") from error
    return written


async def write_files(application: Application, dossier: Dossier, folder: Path) -> list[Path]:
    """Write the files that were sent with the guest's messages, each under its identity."""
    written: list[Path] = []
    for record in dossier.records.get("fs.files", ()):
        path = folder / f"{record['_id']}-{plain_name(str(record.get('filename') or ''))}"
        try:
            _make_folder(folder)
            with _opened(path) as file:
                async for part in application.stores.files.parts_of(str(record["_id"])):
                    file.write(part)
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
        written.append(path)
    return written


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def _write(path: Path, text: str) -> None:
    with _opened(path) as file:
        file.write(text.encode())


def _opened(path: Path) -> BinaryIO:
    """Open a file that nobody else may read, not even while it grows or if it was there."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    file = os.fdopen(os.open(path, flags, FILE_MODE), "wb")
    os.fchmod(file.fileno(), FILE_MODE)
    return file
