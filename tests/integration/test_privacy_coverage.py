"""Every collection has an answer to "what of a forgotten guest is in there?"."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import hostaway_message_db.database
from hostaway_message_db.database import indexes
from hostaway_message_db.ports import Treatment
from hostaway_message_db.privacy.holdings import HOLDINGS

FOLDER = Path(str(hostaway_message_db.database.__file__)).parent
COVERED = {holding.collection for holding in HOLDINGS}


def planned_collections() -> Iterator[str]:
    """Yield the collections that `indexes` names, indexed or not."""
    for node in ast.parse((FOLDER / "indexes.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            name = ast.unparse(node.targets[0])
            if isinstance(node.value.value, str) and not name.endswith("_NAME"):
                yield node.value.value
    yield from (plan.collection for plan in indexes.INDEXES)


def used_collections() -> Iterator[str]:
    """Yield the collections that a module of `database` opens."""
    for path in sorted(FOLDER.glob("*.py")):
        module = importlib.import_module(f"hostaway_message_db.database.{path.stem}")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            asked: ast.expr | None = None
            if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("database"):
                asked = node.slice
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("get_collection"):
                asked = node.args[0]
            if isinstance(asked, ast.Constant):
                yield str(asked.value)
            elif isinstance(asked, ast.Name) and asked.id.isupper():
                yield getattr(module, asked.id)


def test_every_collection_of_the_code_is_covered() -> None:
    known = {*planned_collections(), *used_collections()}
    assert {"messages", "quarantine", "erasures", "sync_runs"} <= known
    missing = known - COVERED
    assert not missing, f"say in privacy/holdings.py how a guest is erased there: {missing}"


def test_the_table_is_whole() -> None:
    assert len(COVERED) == len(HOLDINGS)
    for holding in HOLDINGS:
        ways = holding.reservation_paths + holding.conversation_paths + holding.message_paths
        is_searched = holding.treatment is not Treatment.KEEP and holding.collection != "quarantine"
        assert bool(ways) is is_searched, holding.collection
        assert holding.why
        assert holding.parts is None or holding.parts in COVERED


def test_the_stores_without_the_guard_are_used_where_it_is_put_before_them() -> None:
    package = FOLDER.parent
    users = {
        path.relative_to(package).as_posix(): path.read_text("utf-8").count("database.stores(")
        for path in package.rglob("*.py")
        if "database.stores(" in path.read_text("utf-8")
    }
    # `stores` builds the guard on them; `privacy` erases through them.
    assert users == {"bootstrap.py": 2}
