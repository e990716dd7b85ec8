"""`stats`, `waiting`: the figures, and who waits for an answer."""

from typing import Annotated, Any

import typer

from hostaway_message_db.bootstrap import open_application
from hostaway_message_db.cli import runner
from hostaway_message_db.cli.accounts import AccountOption
from hostaway_message_db.cli.output import Json, console, escape, one_line, print_json, table, when
from hostaway_message_db.cli.plots import bar, duration, figure_text, spark_line
from hostaway_message_db.cli.searching import show_notices
from hostaway_message_db.config import Settings
from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.figures import Answer, By, Told, read_period
from hostaway_message_db.insights.waiting_list import WaitingList, who_waits

Where = Annotated[str, typer.Option(help="A query: only the messages it means count.")]
EXCERPT_WIDTH = 100
GROUPS_SHOWN = 40
WAITING_COLUMNS = (
    "#urgency", "#waits", "guest", "property", "stage", "tone", "conversation", "last message",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add this family of commands."""
    app.command()(stats)
    app.command()(waiting)


def stats(
    metrics: Annotated[
        list[str] | None, typer.Argument(help="Ids such as R2 or U1; all without any.")
    ] = None,
    *,
    by: Annotated[By | None, typer.Option(help="Break the figures down.")] = None,
    where: Where = "",
    since: Annotated[str, typer.Option(help="2026-05-01, 2026-05, 90d; default 30d.")] = "",
    until: Annotated[str, typer.Option(help="Up to this day, without it; default now.")] = "",
    compare: Annotated[
        str, typer.Option(help="`previous`: the period of the same length before.")
    ] = "",
    account: AccountOption = None,
    as_json: Json = False,
) -> None:
    """Show figures: how fast guests are answered, what they write about, how they sound.

    For example: stats R1 R2 --by property --since 90d --where 'channel:airbnb from:guest'
    """

    async def work(settings: Settings) -> int:
        if compare not in {"", "previous"}:
            raise UsageError(f"--compare takes `previous`, not {compare!r}.")
        async with open_application(settings) as application:
            now = application.clock.now()
            period = read_period(since, until, now, ("--since", "--until"))
            answer = await application.figures.tell(
                metrics or [],
                period,
                now,
                where=where,
                by=by,
                compares=bool(compare),
                account_id=account,
            )
        show_answer(answer, as_json=as_json)
        return 0

    runner.run(work, as_json=as_json, quiet_console=True)


def waiting(
    *,
    where: Where = "",
    limit: Annotated[int, typer.Option(help="Most threads to show, from 1 to 1000.")] = 50,
    account: AccountOption = None,
    as_json: Json = False,
) -> None:
    """Show whose guests wait for an answer, worst first."""

    async def work(settings: Settings) -> int:
        async with open_application(settings) as application:
            now = application.clock.now()
            found = await who_waits(
                application.figures, now, where=where, limit=limit, account_id=account
            )
        show_waiting(found, as_json=as_json)
        return 0

    runner.run(work, as_json=as_json, quiet_console=True)


def show_waiting(found: WaitingList, *, as_json: bool) -> None:
    """Print who waits."""
    if as_json:
        print_json(found.to_json())
        return
    out = console()
    show_notices(found.reading.notices)
    if not found.waiting:
        out.print("Nobody waits for an answer.")
    else:
        title = f"{found.n} wait for an answer, worst first"
        shown = table(title, *WAITING_COLUMNS)
        for one in found.waiting:
            guest, place = one.message.get("guest", {}), one.message.get("property", {})
            shown.add_row(
                f"{one.urgency:,.0f}",
                duration(one.age_seconds),
                escape(guest.get("name") or "guest"),
                escape(place.get("name") or ""),
                one.stage or "",
                one.tone or "",
                one.conversation_id,
                escape(one_line(one.message.get("content") or "", EXCERPT_WIDTH)),
            )
        out.print(shown)
    if found.closed_by_thanks:
        number = len(found.closed_by_thanks)
        out.print(f"Left out: {number} whose last message asks for no answer (--json names them).")


def show_answer(answer: Answer, *, as_json: bool) -> None:
    """Print figures."""
    if as_json:
        print_json(answer.to_json())
        return
    out = console()
    show_notices(answer.reading.notices)
    until = when(answer.period.until)
    about = f", {escape(answer.typed)}" if answer.typed else ""
    out.print(f"From {when(answer.period.since)} to {until} UTC{about}")
    columns = ["id", "figure", "#value", "#n", "beside it"]
    if any(told.previous is not None for told in answer.told):
        columns.insert(3, "#before")
    shown = table("Figures", *columns)
    for told in answer.told:
        row = [
            told.metric.id,
            told.metric.title,
            figure_text(told.figure.value, told.metric.unit),
            f"{told.figure.n:,}",
            escape(_beside(told)),
        ]
        if told.previous is not None:
            row.insert(3, figure_text(told.previous.value, told.metric.unit))
        shown.add_row(*row)
    out.print(shown)
    for told in answer.told:
        if told.groups:
            _show_groups(told)


def _show_groups(told: Told) -> None:
    shown = table(f"{told.metric.id} {told.metric.title}", "group", "#value", "#n", "")
    most = max((f.value or 0.0 for _, f in told.groups), default=0.0)
    for name, figure in told.groups[:GROUPS_SHOWN]:
        value = figure_text(figure.value, told.metric.unit)
        shown.add_row(escape(name), value, f"{figure.n:,}", bar(figure.value, most))
    console().print(shown)
    if len(told.groups) > GROUPS_SHOWN:
        console().print(f"{len(told.groups) - GROUPS_SHOWN} more with --json.")


def _beside(told: Told) -> str:
    """Return what stands beside a headline, as far as it fits a line."""
    details: dict[str, Any] = told.figure.details
    if by_day := details.get("by_day"):
        return spark_line(list(by_day.values())[-60:])
    parts: list[str] = []
    for name, value in details.items():
        if isinstance(value, bool) or value is None or name == "p50":
            continue
        if isinstance(value, (int, float)):
            is_time = name in {"p75", "p90", "p95", "mean"} or "seconds" in name
            shown = figure_text(value, told.metric.unit) if is_time else f"{value:,}"
            parts.append(f"{name} {shown}")
        elif isinstance(value, dict) and name == "counts":
            top = [f"{key} {count:,}" for key, count in list(value.items())[:4]]
            parts.append(", ".join(top))
    return "; ".join(parts[:5])
