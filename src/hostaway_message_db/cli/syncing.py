"""`sync`, `verify`, `replay`: bring in, and prove."""

from typing import Annotated, Any

import typer

from hostaway_message_db.bootstrap import Application, open_application
from hostaway_message_db.cli import runner
from hostaway_message_db.cli.accounts import AccountOption, for_each_account
from hostaway_message_db.cli.enriching import sentence_of
from hostaway_message_db.cli.output import Json, console, escape, print_json, table, when
from hostaway_message_db.cli.progress import audience, has_terminal
from hostaway_message_db.config import Settings
from hostaway_message_db.errors import Interrupted, UsageError
from hostaway_message_db.pipeline.dry_run import run_dry
from hostaway_message_db.pipeline.report import SyncReport, SyncStopped
from hostaway_message_db.pipeline.verify import Proof


def register(app: typer.Typer) -> None:
    """Add this family of commands."""
    app.command()(sync)
    app.command()(verify)
    app.command()(replay)


def sync(
    *,
    full: Annotated[
        bool, typer.Option("--full", help="Read every conversation again, changed or not.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Check the configuration and run the pipeline on bundled sample pages;"
            " no call to Hostaway, no write.",
        ),
    ] = False,
    entities: Annotated[
        str | None,
        typer.Option(
            "--entities",
            help="Read these now, due or not, separated by commas: messages, further entities"
            " by name, or all.",
        ),
    ] = None,
    accept_shrink: Annotated[
        bool,
        typer.Option("--accept-shrink", help="Go on although the account lists far fewer."),
    ] = False,
    account: AccountOption = None,
    as_json: Json = False,
) -> None:
    """Bring the store up to date: a first load or an update, picked by itself."""

    async def work(settings: Settings) -> int:
        if dry_run:
            show_dry_run(run_dry(settings.hostaway_account_id), as_json=as_json)
            return 0
        async with open_application(settings) as application:
            return await for_each_account(application, account, bring_in, show, as_json=as_json)

    async def bring_in(application: Application) -> SyncReport:
        try:
            with audience() as watching:
                return await application.sync(
                    watching, is_full=full, accepts_shrink=accept_shrink, entities=named
                )
        except SyncStopped as stopped:
            runner.report_error(Interrupted("Stopped after the load."), as_json=False)
            return stopped.report

    def show(report: SyncReport) -> None:
        show_report(report, as_json=as_json)

    named = None if entities is None else [n.strip() for n in entities.split(",") if n.strip()]
    if dry_run and (full or accept_shrink or entities is not None):
        error = UsageError("--dry-run goes with no other option but --json.")
        runner.report_error(error, as_json=as_json)
        raise typer.Exit(error.exit_code)
    runner.run(
        work,
        as_json=as_json,
        hostaway_needed=True,
        logs_to_files=not dry_run,
        quiet_console=has_terminal() or dry_run,
    )


def verify(
    *,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compare every stored field of every message.")
    ] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Read again what differs.")] = False,
    account: AccountOption = None,
    as_json: Json = False,
) -> None:
    """Prove that nothing is missing: the whole list against the stored stamps and counts."""

    async def work(settings: Settings) -> int:
        async with open_application(settings) as application:
            return await for_each_account(application, account, prove, show, as_json=as_json)

    async def prove(application: Application) -> Proof:
        with audience() as watching:
            return await application.verify(watching, is_deep=deep, repairs=repair)

    def show(proof: Proof) -> None:
        show_proof(proof, as_json=as_json)

    runner.run(
        work,
        as_json=as_json,
        hostaway_needed=True,
        logs_to_files=True,
        quiet_console=has_terminal(),
    )


def replay(*, account: AccountOption = None, as_json: Json = False) -> None:
    """Transform and load quarantined records again, and read conversations that were given up."""

    async def work(settings: Settings) -> int:
        async with open_application(settings) as application:
            return await for_each_account(application, account, bring_back, show, as_json=as_json)

    async def bring_back(application: Application) -> SyncReport:
        with audience() as watching:
            return await application.replay(watching)

    def show(report: SyncReport) -> None:
        show_report(report, as_json=as_json)

    runner.run(
        work,
        as_json=as_json,
        hostaway_needed=True,
        logs_to_files=True,
        quiet_console=has_terminal(),
    )


def show_report(report: SyncReport, *, as_json: bool, has_reasons: bool = True) -> None:
    """Print what a sync did; without reasons, only codes tell why something was left."""
    told = report.to_json()
    if as_json:
        print_json(told)
        return
    out = console()
    conversations = report.conversations
    out.print(
        f"[bold]{'Complete' if report.is_complete else 'Not complete'}[/bold] {report.mode} run"
        f" in {report.duration_seconds:.1f} s: {report.counts.requests} requests,"
        f" {report.counts.retries} retries, {report.counts.refused} refused."
    )
    out.print(
        f"Conversations: {conversations.listed} listed, {conversations.changed} to read,"
        f" {conversations.read} read, {conversations.failed} failed."
    )
    columns = ("extracted", "inserted", "updated", "unchanged", "quarantined")
    shown = table("Records", "", *(f"#{column}" for column in columns))
    for name in ("messages", "reservations", "listings", "conversation_rows"):
        shown.add_row(name.replace("_", " "), *(str(told[name][column]) for column in columns))
    for name, entity in told["entities"].items():
        if entity["skipped"]:
            out.print(f"{name}: not read ({entity['skipped']}); asked for again on its beat.")
        else:
            shown.add_row(name.replace("_", " "), *(str(entity[column]) for column in columns))
    out.print(shown)
    out.print(f"Newest message: {when(report.latest_message_at)} UTC.")
    if report.labelling is not None:
        out.print(sentence_of(report.labelling))
    if report.unsent_messages:
        out.print(f"{report.unsent_messages} messages are no longer listed; their text is kept.")
    files = report.files
    if files.stored or files.known or files.failed or files.refused:
        out.print(
            f"Files: {files.stored} stored, {files.known} stored before,"
            f" {files.failed} to be tried again, {files.refused} not kept."
        )
    for name in report.newly_unknown_keys:
        out.print(f"New key from Hostaway: {escape(name)} (kept in `source`).")
    _show_failures(told["failures"], report.failure_count, "reason" if has_reasons else "code")


def show_proof(proof: Proof, *, as_json: bool) -> None:
    """Print what a proof found."""
    told = proof.to_json()
    if as_json:
        print_json(told)
        return
    out = console()
    verdict = "Proved complete" if proof.is_complete else "Not proved"
    out.print(
        f"[bold]{verdict}[/bold]: Hostaway counts {proof.hostaway_count} conversations,"
        f" {proof.listed} were listed, {len(proof.conversations)} differ,"
        f" {len(proof.repaired)} repaired; {proof.stored_messages} messages stored"
        f"{f', {proof.checked_messages} compared' if proof.is_deep else ''};"
        f" {told['request_count']} requests."
    )
    if proof.differences:
        shown = table("Differences", "what", "conversation", "message", "fields")
        for difference in proof.differences[:20]:
            shown.add_row(
                difference.kind,
                difference.conversation_id,
                difference.message_id or "",
                ", ".join(difference.fields),
            )
        out.print(shown)
    _show_failures(told["failures"], len(told["failures"]))


def _show_failures(failures: list[dict[str, str]], count: int, why: str = "reason") -> None:
    if not count:
        return
    shown = table(f"Left for the next run: {count}", "what", "why")
    for failure in failures[:20]:
        shown.add_row(escape(failure["subject"]), escape(failure[why]))
    console().print(shown)


def show_dry_run(told: dict[str, Any], *, as_json: bool) -> None:
    """Print what a dry run would have stored."""
    if as_json:
        print_json(told)
        return
    out = console()
    messages = told["messages"]
    out.print(
        "[bold]Dry run[/bold]: the configuration is good; no call was made, nothing was written."
    )
    out.print(
        f"From the bundled sample pages, {messages['inserted']} of {messages['extracted']}"
        f" messages would be stored and {messages['quarantined']} put into quarantine."
    )
    shown = table("Messages", "time", "direction", "property", "guest", "content")
    for message in told["would_store"]:
        shown.add_row(
            when(message["timestamp"]),
            message["direction"],
            message["property"],
            message["guest"],
            message["content"],
        )
    out.print(shown)
