"""Write what the code knows of itself: docs/reference/*.md and .env.example.

`--check` writes nothing, names what is stale and ends with 1.
"""

import argparse
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

import typer.main
from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from hostaway_message_db.cli.app import app
from hostaway_message_db.config import Settings
from hostaway_message_db.database.indexes import ENTITY_INDEXES, INDEXES
from hostaway_message_db.errors import ExitCode, HostawayMessageDbError
from hostaway_message_db.insights.metrics import catalogue
from hostaway_message_db.models.entities import ENTITIES, Entity, Parent
from hostaway_message_db.pipeline.transform import SECRET_KEYS
from hostaway_message_db.ports import Treatment
from hostaway_message_db.privacy.holdings import HOLDINGS
from hostaway_message_db.web.app import description
from hostaway_message_db.web.meters import HTTP_METERS, STORE_METERS

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "hostaway-message-db"
NOTE = "<!-- Written by scripts/generate_reference.py; change the code, then run it. -->\n"
REQUIRED = {"hostaway_account_id", "hostaway_api_key"}
EXIT_CODE_MEANINGS = {
    ExitCode.COMPLETE: "complete",
    ExitCode.USAGE: "the command line does not make sense",
    ExitCode.DATA: "quarantine grew, or the account shrank suspiciously",
    ExitCode.DATABASE_UNAVAILABLE: "the database is unavailable",
    ExitCode.PARTIAL: "partial: something was left for the next run; run again",
    ExitCode.CREDENTIALS_REFUSED: "Hostaway refused the credentials",
    ExitCode.CONFIGURATION: "the configuration is wrong",
    ExitCode.INTERRUPTED: "interrupted; the next run goes on",
}


METRIC_RULES = """## Rules for all of them

- *Sent*: Hostaway lists the message as sent, and it was not taken back.
- *Cycle*: one or more sent guest messages in a row, closed by the first sent reply of any kind.
- *Automated*: a message of the host with a `communicationId` or `communicationEvent`;
  *human*: one without.
- Times are from sent to sent, around the clock; days, weeks and hours are the listing's own.
- Every figure states `n`, the period and the filter. Without a case it is empty (null), not 0.
- The median is the headline, unless the definition says otherwise. Percentiles are interpolated.
- A figure counts a message, cycle or thread by the moment of the guest message that is named with
  it. A filter applies to that message.
- Tone, topics and languages count where messages are labelled; `n` says how many are.

## The figures

"""


def main() -> int:
    """Write every generated file, or with `--check` tell which are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if one is stale")
    parser.add_argument("--root", type=Path, default=ROOT, help="where to write, or to check")
    given = parser.parse_args()
    stale = [path for path, text in generated() if not _is_current(given.root / path, text)]
    if given.check:
        for path in stale:
            print(f"{path} is stale: run python scripts/generate_reference.py", file=sys.stderr)
        return 1 if stale else 0
    for path, text in generated():
        target = given.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return 0


def _is_current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def generated() -> Iterator[tuple[str, str]]:
    """Yield each generated file's path and text."""
    writers: dict[str, Callable[[], str]] = {
        ".env.example": env_example,
        "docs/reference/settings.md": settings_page,
        "docs/reference/collections.md": collections_page,
        "docs/reference/commands.md": commands_page,
        "docs/reference/errors.md": errors_page,
        "docs/reference/indexes.md": indexes_page,
        "docs/reference/secrets.md": secrets_page,
        "docs/reference/metrics.md": metrics_page,
        "docs/reference/entities.md": entities_page,
        "docs/reference/rest-api.md": rest_api_page,
    }
    for path, write in writers.items():
        yield path, write()


def env_example() -> str:
    """Return a `.env` with every setting, its meaning and its default."""
    lines = [
        "# Every setting with its default; copy this file to .env and fill in the first two.",
        "# Written by scripts/generate_reference.py; change config.py, then run it.",
    ]
    for name, field in Settings.model_fields.items():
        lines += ["", f"# {field.description}"]
        lines.append(f"{'' if name in REQUIRED else '# '}{name.upper()}={_default(field)}")
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """Return the table of the settings."""
    rows = [
        [
            f"`{name.upper()}`",
            f"`{_default(field)}`" if _default(field) else "empty",
            _values(field),
            str(field.description),
        ]
        for name, field in Settings.model_fields.items()
    ]
    return _page(
        "Settings",
        "Read from the environment, then from `.env` in the working directory, then the defaults"
        " here; an empty variable counts as not set. A wrong configuration is reported whole, with"
        " exit code 78. `hostaway-message-db doctor` shows each value and where it came from.",
        _table(["Variable", "Default", "Values", "Meaning"], rows),
    )


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _values(field: FieldInfo) -> str:
    """Say in words what a setting takes."""
    kind: Any = field.annotation
    if get_origin(kind) is UnionType:
        kind = next(part for part in get_args(kind) if part is not type(None))
    if get_origin(kind) is tuple:
        return "list, secret" if SecretStr in get_args(kind) else "list"
    if kind in {int, float}:
        number = "whole number" if kind is int else "number"
        return " ".join([number, *_bounds(field)])
    if choices := get_args(kind):
        return ", ".join(f"`{choice}`" for choice in choices)
    names = {str: "text", SecretStr: "text, secret", bool: "`true`, `false`", Path: "path"}
    return names[kind]


def _bounds(field: FieldInfo) -> Iterator[str]:
    for bound in field.metadata:
        match bound:
            case Ge(ge=least):
                yield f"from {least}"
            case Gt(gt=least):
                yield f"above {least}"
            case Le(le=most):
                yield f"to {most}"
            case Lt(lt=most):
                yield f"below {most}"


def commands_page() -> str:
    """Return what each command takes, from its own help."""
    group: Any = typer.main.get_command(app)
    sections = []
    for name, command in sorted(group.commands.items()):
        sections.append(f"## `{command_line(name, command)}`\n\n{_prose(command.help)}\n")
        rows = [_parameter_row(parameter) for parameter in command.params]
        if rows:
            sections.append(_table(["Takes", "Default", "Meaning"], rows))
    codes = [[str(code), meaning] for code, meaning in EXIT_CODE_MEANINGS.items()]
    sections.append("## Exit codes\n\n" + _table(["Code", "Means"], codes))
    return _page("Commands", _prose(group.help), "\n".join(sections))


def command_line(name: str, command: Any) -> str:
    """Return a command as it is typed, its arguments in capitals."""
    arguments = [str(p.name).upper() for p in command.params if p.param_type_name == "argument"]
    return " ".join([COMMAND, name, *arguments])


def _parameter_row(parameter: Any) -> list[str]:
    is_argument = parameter.param_type_name == "argument"
    written = parameter.name.upper() if is_argument else ", ".join(parameter.opts)
    default = parameter.default
    shown = "" if default is None or default is False or default == "" else f"`{default}`"
    if parameter.required:
        shown = "required"
    return [f"`{written}`", shown, _prose(getattr(parameter, "help", None))]


def errors_page() -> str:
    """Return the table of the errors, root first."""
    rows = [
        [
            f"`{kind.code}`",
            str(kind.exit_code),
            str(kind.http_status),
            kind.recovery.value,
            f"{(inspect.getdoc(kind) or '').splitlines()[0]} {kind.default_hint}".strip(),
        ]
        for kind in _error_classes(HostawayMessageDbError)
        if not kind.__subclasses__()
    ]
    return _page(
        "Errors",
        "Every error is a sentence and a hint on standard error; with `--json`, standard output is"
        ' `{"error": {"code", "message", "hint"}}`. The code is stable. What the program does about'
        " an error: `retry` the request a bounded number of times, `leave` the conversation for the"
        " next run, `skip` the record into quarantine, `abort` the run; what is stored stays.",
        _table(["Code", "Exit", "HTTP", "Does", "Meaning"], rows),
    )


def _error_classes(kind: type[HostawayMessageDbError]) -> Iterator[type[HostawayMessageDbError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _error_classes(below)


def indexes_page() -> str:
    """Return the table of the indexes."""
    directions = {1: "ascending", -1: "descending", "text": "text"}
    rows = [
        [
            f"`{plan.collection}`",
            f"`{plan.name}`",
            ", ".join(f"`{key}` {directions[direction]}" for key, direction in plan.keys),
            ", ".join(f"`{name}: {value}`" for name, value in plan.options.items()),
            plan.serves,
        ]
        for plan in (*INDEXES, *ENTITY_INDEXES)
    ]
    return _page(
        "Indexes",
        "Built by the first sync, the text index at its end; whatever is missing is built by the"
        " next run. `status` and `doctor` name missing ones. Those of the further entities"
        " are built when these are first read.",
        _table(["Collection", "Name", "Keys", "Options", "Serves"], rows),
    )


def entities_page() -> str:
    """Return the table of the further entities."""
    rows = [
        [
            f"`{entity.name}`",
            f"`{entity.path}`",
            _requests_of(entity),
            f"{entity.beat_hours} h",
            ", ".join(f"`{key}`" for key in entity.key),
            f"`{entity.changed}`" if entity.changed else "",
            "with the guest" if entity.holds_guests else "",
            ", ".join(f"`{name}`" for name in entity.fields),
        ]
        for entity in ENTITIES
    ]
    return _page(
        "Further entities",
        "What `SYNC_ENTITIES` and `sync --entities` can name beside `messages`: each is a"
        " collection of that name. Read again once its beat is over (a tenth early counts)."
        " Documents have"
        " `_id` (`account:key`), `account_id`, `key`, `reservation_id`, `property_id`,"
        " `changed_on`, the fields named here, the whole row without secrets as `source`,"
        " `created_at`, `updated_at`, `schema_version`."
        " [What they cost](../explanation/further-entities.md).",
        _table(
            ["Name", "Read at", "Requests", "Beat", "Identity", "Change mark", "Erased", "Fields"],
            rows,
        ),
    )


def _requests_of(entity: Entity) -> str:
    match entity.parent, entity.paging.value:
        case Parent.LISTING, _:
            return "one per listing"
        case Parent.RESERVATION, _:
            return "one per changed reservation"
        case _, "offset":
            return "one per page"
        case _:
            return "one"


def collections_page() -> str:
    """Return the table of the collections."""
    treatments = {
        Treatment.PSEUDONYMISE: "stay, without anything of the guest",
        Treatment.DELETE: "are deleted",
        Treatment.STRIP: "lose the words that may quote the guest",
        Treatment.KEEP: "hold nothing of the guest",
    }
    rows = [
        [
            f"`{holding.collection}`",
            treatments[holding.treatment],
            holding.why,
            ", ".join(
                f"`{plan.name}`" for plan in INDEXES if plan.collection == holding.collection
            ),
        ]
        for holding in sorted(HOLDINGS, key=lambda entry: entry.collection)
    ]
    return _page(
        "Collections",
        "Every collection that the database may have, and what becomes of the records of a guest"
        " who is [forgotten](../how-to/forget-a-guest.md). What is in a document is in"
        " [documents](documents.md). A collection is made when something is first stored in it.",
        _table(["Collection", "A forgotten guest's records", "Because", "Indexes"], rows),
    )


def metrics_page() -> str:
    """Return the catalogue of the figures, each with its definition."""
    sections = []
    for metric in catalogue():
        period = (
            "It looks back by its own rule from the end of the period."
            if metric.has_own_window
            else "In the period that is asked for."
        )
        sections.append(
            f"### {metric.id} {metric.title}\n\n{metric.definition}\n\n"
            f"Unit: {metric.unit}. Counts {metric.anchor}. {period}\n"
        )
    return _page(
        "Metrics",
        "The same definitions serve command line, REST API, dashboard, assistant and mail."
        " `hostaway-message-db stats` shows them; any filter of the"
        " [query language](query-language.md) applies, to the message that a figure counts.",
        METRIC_RULES + "\n".join(sections),
    )


def rest_api_page() -> str:
    """Return every address of the REST API, from the description that `/docs` shows."""
    sections = []
    for path, methods in description()["paths"].items():
        operation = methods["get"]
        sections.append(f"## `GET {path}`\n\n{_prose(operation['description'])}\n")
        rows = [
            [
                f"`{one['name']}`",
                one["in"],
                _schema_words(one["schema"], is_required=one.get("required", False)),
                _prose(one.get("description") or one["schema"].get("description")),
            ]
            for one in operation.get("parameters", [])
        ]
        if rows:
            sections.append(_table(["Takes", "In", "Values", "Meaning"], rows))
    meters = [[f"`{name}`", meaning] for name, meaning in {**HTTP_METERS, **STORE_METERS}.items()]
    sections.append("## What `/metrics` tells\n\n" + _table(["Name", "Is"], meters))
    return _page(
        "REST API",
        "What `hostaway-message-db serve` answers, and `/docs` describes; every address takes"
        " GET and HEAD. [Who may ask, and what is bounded](../how-to/serve.md). Every failure is"
        ' `{"error": {"code", "message", "hint"}}` with the HTTP status of its'
        " [code](errors.md).",
        "\n".join(sections),
    )


def _schema_words(schema: dict[str, Any], *, is_required: bool) -> str:
    """Say in words what a parameter takes."""
    kinds = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    kind = kinds[0]
    if reference := kind.get("$ref"):
        kind = description()["components"]["schemas"][reference.rpartition("/")[2]]
    words = [", ".join(f"`{v}`" for v in kind["enum"]) if "enum" in kind else _kind_word(kind)]
    words += [f"from {kind['minimum']}"] if "minimum" in kind else []
    words += [f"to {kind['maximum']}"] if "maximum" in kind else []
    words += [f"at most {kind['maxLength']} characters"] if "maxLength" in kind else []
    if (default := schema.get("default")) not in (None, "", []):
        shown = json.dumps(default).strip('"')
        words.append(f"(default `{shown}`)")
    return " ".join([*words, "(required)"] if is_required else words)


def _kind_word(kind: dict[str, Any]) -> str:
    words = {"string": "text", "integer": "whole number", "boolean": "`true`, `false`"}
    return {**words, "array": "text, once or more"}[kind["type"]]


def secrets_page() -> str:
    """Return the list of the keys that are never stored."""
    listed = "\n".join(f"- `{key}`" for key in sorted(SECRET_KEYS, key=str.lower))
    return _page(
        "Secrets that are never stored",
        "Door codes, wifi passwords, card fields and links that open a guest's page without a"
        " login are dropped before anything is stored, at any depth of a record, from"
        " quarantined records too. These keys:",
        f"{listed}\n",
    )


def _prose(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").strip()


def _page(title: str, opening: str, body: str) -> str:
    return f"{NOTE}\n# {title}\n\n{opening}\n\n{body}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main())
