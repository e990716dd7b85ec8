"""The house rules that no linter checks: sizes, words, docstrings, import contracts."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from architecture.files import MODULES, PACKAGE, ROOT, name_of

MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_FUNCTION = 70

FORBIDDEN_WORDS = (
    "payload", "chunk", "chunks", "booking", "bookings", "chat", "chats", "fetch", "parse",
    "save", "dead_letter", "dead_letters", "last_sync", "lock",
)  # fmt: skip
"""The clear ones of the glossary's right column (DESIGN, section 5, Words)."""
_FILE_LOCK = "A lock on a file is what the kernel calls it; no right to run."
EXCEPTIONS: dict[str, str] = dict.fromkeys(
    ("open_lock", "try_lock", "users_lock", "server_lock", "supervisor_lock"), _FILE_LOCK
)
"""Names that may hold such a word, each with its reason."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def public_definitions(node: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    """Yield public classes and functions, and the public methods of public classes."""
    for inner in node.body:
        if isinstance(inner, (*FUNCTIONS, ast.ClassDef)) and not inner.name.startswith("_"):
            yield inner
            if isinstance(inner, ast.ClassDef):
                yield from public_definitions(inner)


def public_names(path: Path) -> Iterator[str]:
    """Yield every name by which others call something of this module."""
    tree = tree_of(path)
    yield path.stem if path.stem != "__init__" else path.parent.name
    for definition in public_definitions(tree):
        yield definition.name
        if not isinstance(definition, ast.ClassDef):
            arguments = definition.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            yield from (argument.arg for argument in every)
    bodies: list[ast.Module | ast.ClassDef] = [
        tree,
        *(d for d in public_definitions(tree) if isinstance(d, ast.ClassDef)),
    ]
    for body in bodies:
        for statement in body.body:
            targets: list[ast.expr] = []
            if isinstance(statement, ast.Assign):
                targets = statement.targets
            elif isinstance(statement, ast.AnnAssign):
                targets = [statement.target]
            yield from (t.id for t in targets if isinstance(t, ast.Name) and t.id[0] != "_")


def words_of(name: str) -> str:
    """Return a name in words between underscores: `ReadChunk` is `_read_chunk_`."""
    return f"_{re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', name).lower().strip('_')}_"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_not_too_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES_OF_A_MODULE


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_function_is_too_long(path: Path) -> None:
    too_long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(tree_of(path))
        if isinstance(node, FUNCTIONS)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > MOST_LINES_OF_A_FUNCTION
    }
    assert not too_long


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_everything_public_says_in_a_sentence_what_it_is(path: Path) -> None:
    tree = tree_of(path)
    documented: list[tuple[str, str | None]] = [("module", ast.get_docstring(tree))]
    documented += [(d.name, ast.get_docstring(d)) for d in public_definitions(tree)]
    for name, docstring in documented:
        assert docstring, f"{name} has no docstring"
        first_line = docstring.splitlines()[0]
        assert first_line.endswith("."), f"{name}: {first_line!r} is no sentence"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_public_names_use_the_projects_words(path: Path) -> None:
    wrong = {
        name: word
        for name in public_names(path)
        for word in FORBIDDEN_WORDS
        if f"_{word}_" in words_of(name) and name not in EXCEPTIONS
    }
    assert not wrong


def test_every_exception_to_the_words_is_needed() -> None:
    names = {name for path in MODULES for name in public_names(path)}
    assert names >= EXCEPTIONS.keys()
    assert all(reason.endswith(".") for reason in EXCEPTIONS.values())


def test_the_package_is_found() -> None:
    assert PACKAGE / "__main__.py" in MODULES


def test_the_import_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 broken" in ran.stdout


def test_no_test_mocks_or_sleeps() -> None:
    banned = re.compile(
        r"(?:from|import) unittest|unittest\.mock|\b(?:asyncio|time)\.sleep\((?!0\))"
    )
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert "noqa: TID251" in line or not banned.search(line), f"{name_of(path)}:{number}"
