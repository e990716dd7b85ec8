"""The manual names every event that is logged, and no other."""

import ast

from support.installation import ROOT

PACKAGE = ROOT / "src" / "hostaway_message_db"
LEVELS = {"debug", "info", "warning", "error", "exception", "log_line"}


def logged_events() -> set[str]:
    """Find the first argument of each call of a logger; either branch where it is a choice."""
    events: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and call.args):
                continue
            function = call.func
            is_of_log = (
                isinstance(function, ast.Attribute)
                and function.attr in LEVELS
                and isinstance(function.value, ast.Name)
                and function.value.id == "log"
            ) or (isinstance(function, ast.Name) and function.id in LEVELS)
            if is_of_log:
                events |= {
                    node.value
                    for node in ast.walk(call.args[0])
                    if isinstance(node, ast.Constant) and isinstance(node.value, str)
                }
    return events


def test_every_event_is_in_the_manual_and_the_manual_names_no_other() -> None:
    page = (ROOT / "docs" / "reference" / "logs.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    named = {word for row in rows for word in row.split("`")[1::2]}
    assert named - {"timestamp", "level", "logger", "event", "run_id", "account_id"} == (
        logged_events()
    )
