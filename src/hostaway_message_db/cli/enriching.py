"""`enrich`: label what is stored."""

from typing import Annotated

import typer

from hostaway_message_db.bootstrap import open_application
from hostaway_message_db.cli import runner
from hostaway_message_db.cli.output import console, print_json
from hostaway_message_db.cli.progress import audience, has_terminal
from hostaway_message_db.config import Settings
from hostaway_message_db.errors import ExitCode
from hostaway_message_db.pipeline.labelling import LabellingReport


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(enrich)


def enrich(
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Label every message again, not only what waits.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Label stored messages (sentiment, topics, language, vectors); stopped, it goes on later."""

    async def work(settings: Settings) -> int:
        async with open_application(settings) as application:
            with audience() as watching:
                report = await application.enrich(watching, is_all=every)
        show_labelling(report, as_json=as_json)
        return ExitCode.PARTIAL if report.left else ExitCode.COMPLETE

    runner.run(work, as_json=as_json, logs_to_files=True, quiet_console=has_terminal())


def show_labelling(report: LabellingReport, *, as_json: bool) -> None:
    """Print what a labelling did."""
    if as_json:
        print_json(report.to_json())
        return
    console().print(sentence_of(report))


def sentence_of(report: LabellingReport) -> str:
    """Say in a line what a labelling did."""
    if report.reason:
        return (
            f"Labels: {report.reason}." if report.reason[-1] != "." else f"Labels: {report.reason}"
        )
    left = f", {report.left} left for the next time" if report.left else ""
    return f"Labelled {report.labelled} messages in {report.seconds:.1f} s{left}."
