"""The documents tell the truth: generated pages are current, links lead somewhere."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from architecture.files import ROOT, name_of
from hostaway_message_db.config import Settings
from hostaway_message_db.database.indexes import INDEXES
from hostaway_message_db.errors import HostawayMessageDbError
from hostaway_message_db.pipeline.transform import SECRET_KEYS

GENERATOR = ROOT / "scripts" / "generate_reference.py"
REFERENCE = ROOT / "docs" / "reference"
PAGES = [path for path in sorted(ROOT.glob("*.md")) if path.is_file()]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)(?: \"[^\"]*\")?\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(?P<title>.+?) *#*$", re.MULTILINE)
MAKE = re.compile(r"(?:^|`|\$ )make (?P<target>[a-z][a-z-]*)", re.MULTILINE)


def generate(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, GENERATOR, *arguments], capture_output=True, text=True, check=False
    )


def test_the_generated_reference_is_current() -> None:
    ran = generate("--check")
    assert ran.returncode == 0, ran.stderr


def test_the_check_of_the_reference_names_what_is_stale(tmp_path: Path) -> None:
    assert generate("--root", str(tmp_path)).returncode == 0
    page = tmp_path / "docs" / "reference" / "settings.md"
    page.write_text(page.read_text(encoding="utf-8") + "\nby hand\n", encoding="utf-8")
    (tmp_path / ".env.example").unlink()
    ran = generate("--root", str(tmp_path), "--check")
    assert ran.returncode == 1
    assert [line.split()[0] for line in ran.stderr.splitlines()] == [
        ".env.example",
        "docs/reference/settings.md",
    ]
    assert ran.stdout == ""


def test_every_setting_is_in_the_example_and_in_the_manual() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    manual = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        assert re.search(rf"^(?:# )?{name.upper()}=", example, re.MULTILINE), name
        assert f"| `{name.upper()}` |" in manual


def test_every_error_index_and_secret_is_in_the_manual() -> None:
    errors = (REFERENCE / "errors.md").read_text(encoding="utf-8")
    kinds = [HostawayMessageDbError]
    for kind in kinds:
        kinds += kind.__subclasses__()
        assert kind.__subclasses__() or f"| `{kind.code}` |" in errors
    indexes = (REFERENCE / "indexes.md").read_text(encoding="utf-8")
    assert all(f"| `{plan.name}` |" in indexes for plan in INDEXES)
    secrets = (REFERENCE / "secrets.md").read_text(encoding="utf-8")
    assert all(f"- `{key}`\n" in secrets for key in SECRET_KEYS)


def links_of(page: Path) -> Iterator[str]:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for match in LINK.finditer(text):
        if not re.match(r"[a-z]+:", match["target"]):
            yield match["target"]


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    anchors: set[str] = set()
    for match in HEADING.finditer(FENCE.sub("", page.read_text(encoding="utf-8"))):
        title = LINK.sub(lambda link: link[0][1:].split("]")[0], match["title"])
        plain = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        number = 0
        while (anchor := f"{plain}-{number}" if number else plain) in anchors:
            number += 1
        anchors.add(anchor)
    return anchors


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(page: Path) -> None:
    for link in links_of(page):
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors_of(target), link


def test_every_page_of_the_manual_is_linked_from_somewhere() -> None:
    linked = {
        (page.parent / unquote(link).partition("#")[0]).resolve()
        for page in PAGES
        for link in links_of(page)
    }
    assert {p for p in PAGES if p.is_relative_to(ROOT / "docs")} <= linked


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    named = {match["target"] for match in MAKE.finditer(page.read_text(encoding="utf-8"))}
    assert named <= make_targets()


def test_every_make_target_tells_what_it_does_and_is_phony() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)[0].split())
    told = set(re.findall(r"^([a-z][a-z-]*):.*## .+\.$", text, re.MULTILINE))
    assert make_targets() == told == phony
