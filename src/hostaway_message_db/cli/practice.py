"""`demo` and `simulate`: try everything without an account."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hostaway_message_db.bootstrap import Application, open_application
from hostaway_message_db.cli import runner
from hostaway_message_db.cli.output import console
from hostaway_message_db.cli.progress import audience
from hostaway_message_db.cli.reading import show_status
from hostaway_message_db.cli.searching import show_found
from hostaway_message_db.cli.syncing import show_proof, show_report
from hostaway_message_db.config import Settings
from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.status import assess
from hostaway_message_db.utils.clock import SystemClock

if TYPE_CHECKING:  # a web server and an eighth of a second, for those who practise
    from hostaway_message_db.simulator import RunningSimulator

DEMO_DIR = Path("data/demo")
DEMO_MARK = "SAMPLE-DATA"
DEMO_SEARCHES = ("wifi", "Heizung", "parking")


def register(app: typer.Typer) -> None:
    """Add this family of commands."""
    app.command()(demo)
    app.command()(simulate)


def demo(
    *,
    conversations: Annotated[
        int, typer.Option(min=10, max=5000, help="Size of the sample account.")
    ] = 120,
) -> None:
    """Load a sample account, update it, prove it complete, search it; no account needed."""
    from hostaway_message_db.simulator import RunningSimulator, WorldOptions  # noqa: PLC0415

    now = SystemClock().now().replace(microsecond=0)
    world = WorldOptions(conversation_count=conversations, now=now)
    _prepare(DEMO_DIR)
    with RunningSimulator(world) as simulator:

        async def work(settings: Settings) -> int:
            async with open_application(settings) as application:
                await application.mark_as_sample()
                return await _show_everything(application, simulator)

        runner.run(
            work,
            logs_to_files=True,
            quiet_console=True,
            hostaway_account_id=world.account_id,
            hostaway_api_key=world.api_key,
            hostaway_base_url=simulator.base_url,
            hostaway_request_delay=0.05,
            mongodb_uri="",
            mongodb_tls_ca_file=None,
            mongodb_tls_certificate_key_file=None,
            mongodb_tls_certificate_key_password="",
            data_dir=DEMO_DIR,
            log_dir=DEMO_DIR / "logs",
        )


def _prepare(folder: Path) -> None:
    """Start from nothing; only a folder that a demo made is ever emptied."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / DEMO_MARK).exists():
            error = UsageError(
                f"{folder} holds data that no demo made.", "Move it away, then run the demo again."
            )
            runner.report_error(error, as_json=False)
            raise typer.Exit(error.exit_code)
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DEMO_MARK).write_text("Made by the demo; removed by the next one.\n")


async def _show_everything(application: Application, simulator: "RunningSimulator") -> int:
    out = console()
    out.rule("1. First load of a simulated Hostaway account")
    with audience() as watching:
        first = await application.sync(watching)
    show_report(first, as_json=False)

    out.rule("2. The account changes; the update brings in just that")
    for change in _change_account(simulator):
        out.print(f"  - {change}")
    with audience() as watching:
        update = await application.sync(watching)
    show_report(update, as_json=False)

    out.rule("3. Proof of completeness")
    with audience() as watching:
        proof = await application.verify(watching, is_deep=False, repairs=False)
    show_proof(proof, as_json=False)

    out.rule("4. Searches")
    for query in DEMO_SEARCHES:
        found = await application.search.run(query, application.clock.now(), limit=3)
        show_found(found, as_json=False)

    out.rule("5. Status")
    show_status(
        assess(await application.queries.overview(), application.clock.now()), as_json=False
    )
    out.print(
        f"The data stay in {DEMO_DIR}: look around with"
        f" [bold]DATA_DIR={DEMO_DIR} hostaway-message-db search WORDS[/bold]."
    )
    return first.exit_code or update.exit_code or proof.exit_code


def _change_account(simulator: "RunningSimulator") -> list[str]:
    """Change the sample account as days do: new messages, an edit, a late arrival."""
    control = simulator.control
    ids = [row["id"] for row in control.truth_conversations()][:3]
    ten_days_ago = simulator.world.options.now - timedelta(days=10)
    edited = next(m for m in control.truth_messages() if m["conversationId"] == ids[0])
    control.add_message(ids[0], "One more question: is there parking near the house?")
    control.edit_message(ids[0], edited["id"], f"{edited['body']} (edited)")
    control.add_message(ids[1], "Of course, the wifi code is on the fridge.", direction="outgoing")
    control.add_message(
        ids[2],
        "This was written ten days ago and comes late.",
        date=f"{ten_days_ago:%Y-%m-%d %H:%M:%S}",
    )
    return [
        f"a guest's question and an edited message in conversation {ids[0]}",
        f"a host's answer in conversation {ids[1]}",
        f"a message in conversation {ids[2]} that arrives ten days late",
    ]


def simulate(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8099,
    conversations: Annotated[
        int, typer.Option(min=0, max=100_000, help="Size of the account.")
    ] = 200,
    messages: Annotated[
        int | None, typer.Option(min=0, max=5000, help="Messages of each conversation.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Equal seeds make equal accounts.")] = 1,
    unlimited: Annotated[bool, typer.Option("--unlimited", help="No rate limit.")] = False,
    fault: Annotated[
        str, typer.Option("--fault", metavar="PLAN", help="Faults: a JSON file or inline JSON.")
    ] = "",
) -> None:
    """Run the Hostaway simulator alone, on loopback, until Ctrl-C."""
    from hostaway_message_db.simulator import (  # noqa: PLC0415
        FaultPlan,
        Switches,
        World,
        WorldOptions,
        serve,
    )

    try:
        plan = FaultPlan.read(fault) if fault else None
    except (ValueError, OSError) as problem:
        error = UsageError(f"The fault plan cannot be read: {problem}")
        runner.report_error(error, as_json=False)
        raise typer.Exit(error.exit_code) from problem
    now = SystemClock().now().replace(microsecond=0)
    options = WorldOptions(
        seed=seed, conversation_count=conversations, messages_per_conversation=messages, now=now
    )

    def ready(address: str) -> None:
        typer.echo(f"HOSTAWAY_BASE_URL={address}/v1")
        typer.echo(f"HOSTAWAY_ACCOUNT_ID={options.account_id}")
        typer.echo(f"HOSTAWAY_API_KEY={options.api_key}")
        typer.echo(f"# control door: {address}/control", err=True)

    switches = Switches(rate_limit_requests=None) if unlimited else None
    try:
        serve(World(options), switches=switches, faults=plan, port=port, on_ready=ready)
    except OSError as problem:
        error = UsageError(f"Port {port} cannot be used: {problem}", "Choose another with --port.")
        runner.report_error(error, as_json=False)
        raise typer.Exit(error.exit_code) from problem
