"""The manual shows what is there: commands that parse, every collection, all of the simulator."""

import re
import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main

from architecture.files import ROOT, name_of
from hostaway_message_db.cli.app import app
from hostaway_message_db.insights.metrics import catalogue
from hostaway_message_db.models.query import Operator
from hostaway_message_db.privacy.holdings import HOLDINGS
from hostaway_message_db.simulator import ControlClient, Switches, World, WorldOptions, create_app
from hostaway_message_db.simulator.faults import Effect, Malformation
from hostaway_message_db.web.app import description

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
REFERENCE = ROOT / "docs" / "reference"
NAME = "hostaway-message-db"
BLOCK = re.compile(r"^```(?:sh|bash|console|text)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(rf"`(?P<text>[^`\n]*{NAME} [^`\n]+)`")
END_OF_COMMAND = {"|", "&&", "||", ";", ">", ">>", "2>", "&"}
NOT_OURS = {"bash", "chown"}
"""Programs within a container: `docker run … hostaway-message-db bash`."""
PLACEHOLDERS = {"N": "7", "DIR": "dossier", "FILE": "dossier.json"}


def shown_lines(page: Path) -> Iterator[str]:
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        yield from block["text"].replace("\\\n", " ").splitlines()
    for inline in INLINE.finditer(text):
        yield inline["text"]


def shown_commands(page: Path) -> Iterator[list[str]]:
    """Yield the arguments of every command of ours that a page shows.

    The name also stands for an image, a user, a unit or a folder: what follows it then is
    no word in lower letters.
    """
    for line in shown_lines(page):
        if not re.search(rf"{NAME}\b", line) or line.lstrip().startswith("#"):
            continue
        words = shlex.split(line.lstrip("$ "), comments=True)
        for place, word in enumerate(words[:-1]):
            following = words[place + 1]
            if Path(word).name == NAME and re.fullmatch(r"--version|[a-z][a-z-]*", following):
                arguments = list(takewhile(lambda w: w not in END_OF_COMMAND, words[place + 1 :]))
                if following not in NOT_OURS:
                    yield [PLACEHOLDERS.get(word, word) for word in arguments]


SHOWN = [(page, arguments) for page in PAGES for arguments in shown_commands(page)]


@pytest.mark.parametrize(
    ("page", "arguments"), SHOWN, ids=[f"{name_of(p)}:{' '.join(a)}" for p, a in SHOWN]
)
def test_every_command_that_is_shown_is_understood(page: Path, arguments: list[str]) -> None:
    """It is parsed by the program's own parser; nothing is done."""
    group: Any = typer.main.get_command(app)
    name, *rest = arguments
    assert name in group.commands or name == "--version", f"{name_of(page)} shows {name}"
    # A name alone is a mention, which may leave out what the command needs.
    if rest and name in group.commands and "--help" not in rest:
        group.commands[name].make_context(name, rest)


def test_every_command_is_shown_by_the_manual() -> None:
    group: Any = typer.main.get_command(app)
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert not [name for name in group.commands if f"{NAME} {name}" not in pages]
    assert len(SHOWN) > 20


def test_every_collection_is_in_the_manual() -> None:
    page = (REFERENCE / "collections.md").read_text(encoding="utf-8")
    assert not [h.collection for h in HOLDINGS if f"| `{h.collection}` |" not in page]


def test_every_metric_and_every_operator_is_in_the_manual() -> None:
    metrics = (REFERENCE / "metrics.md").read_text(encoding="utf-8")
    assert len(catalogue()) > 20
    missing = [m.id for m in catalogue() if f"### {m.id} {m.title}\n" not in metrics]
    assert missing == []
    queries = (REFERENCE / "query-language.md").read_text(encoding="utf-8")
    table = {word for row in queries.splitlines() if row.startswith("| `") for word in
             row.split("|")[1].replace("`", "").replace(",", "").split()}  # fmt: skip
    typed = {f"{operator}:" for operator in Operator}
    assert table == typed


def paths_of_the_simulator() -> set[str]:
    """Return the paths as the manual writes them: behind `/v1`, or behind `/control`."""
    routes = create_app(World(WorldOptions(conversation_count=1))).routes
    plain = {re.sub(r":(?:int|path)}", "}", str(getattr(route, "path", ""))) for route in routes}
    return {re.sub(r"^/(?:v1|control)/", "/", path) for path in plain} - {"/{rest}"}


def test_every_route_switch_and_fault_of_the_simulator_is_in_the_manual() -> None:
    page = (REFERENCE / "simulator.md").read_text(encoding="utf-8")
    paths = paths_of_the_simulator() - {"/truth/{noun}"}
    assert {"/conversations/{id}/messages", "/messages/edit"} <= paths
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", page))
    words = {word for span in spans for word in re.split(r"[ ,?]+", span)}
    assert paths - words == set()
    names = {*Switches.__struct_fields__, *get_args(Effect), *get_args(Malformation)}
    assert not names - words
    methods = {name for name in vars(ControlClient) if not name.startswith("_")}
    assert not {m for m in methods if m not in words and not m.startswith("truth_")}


def test_every_address_of_the_rest_api_is_in_the_manual_with_what_it_takes() -> None:
    page = (REFERENCE / "rest-api.md").read_text(encoding="utf-8")
    paths = description()["paths"]
    assert {"/healthz", "/readyz", "/api/v1/messages"} <= paths.keys()
    for path, methods in paths.items():
        assert list(methods) == ["get"], path
        assert methods["get"]["description"].rstrip(), path
        section = page.partition(f"## `GET {path}`\n")[2].partition("\n## ")[0]
        named = set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE))
        assert named == {one["name"] for one in methods["get"].get("parameters", [])}, path


def test_the_front_page_leads_to_every_page() -> None:
    """Each folder of the manual is in the contents of its front page, whole."""
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    entries = set(re.findall(r"^([\w/*-]+)$", index, re.MULTILINE))
    for page in (ROOT / "docs").rglob("*.md"):
        path = page.relative_to(ROOT / "docs").with_suffix("")
        in_folder = path.parent != Path()
        assert str(path) in {"index", *entries} or (in_folder and f"{path.parent}/*" in entries)
