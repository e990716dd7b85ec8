"""What the faults do to a reply (API reference 13.3)."""

from collections import OrderedDict
from http import HTTPStatus
from typing import Any

from hostaway_message_db.simulator.access import rate_limit_headers
from hostaway_message_db.simulator.editing import Editor, NewMessage
from hostaway_message_db.simulator.faults import FaultRule
from hostaway_message_db.simulator.replies import TOO_MANY, Reply, html_page
from hostaway_message_db.simulator.routes import Call, Handler, Outcome, Page
from hostaway_message_db.simulator.wire import Row, encode, failure
from hostaway_message_db.simulator.world import World

HUGE_BODY = 2 * 1024 * 1024
REMEMBERED_PAGES = 16
# Marks in a body that stand for bytes no JSON writer would write.
_SURROGATE, _BAD_BYTES = "\ue000lone\ue000", "\ue000bytes\ue000"
ODD_UNICODE = (
    "n\u0303 \u200d\ufe0f \u202egnirts\u202c \ufeff \ufffd \U0001f9d1\u200d\U0001f680 \u0007"
)

_DATES = {"/reservations": "arrivalDate", "/conversations": "messageReceivedOn"}
_ENUMS = {"/reservations": "status", "/conversations": "type", "/listings": "specialStatus"}


def instead(rule: FaultRule) -> Reply | None:
    """Return the reply that a rule gives instead of an answer, if it is of that kind."""
    match rule.effect:
        case "status":
            return _status(rule)
        case "hang":
            return Reply(status=504, body=b"", hang=rule.seconds)
        case "not_json":
            return Reply(200, b"<!DOCTYPE html><p>Please log in.</p>", "text/html")
        case "fail_200":
            return Reply(200, encode(failure(rule.message, key="result")))
        case _:
            return None


def _status(rule: FaultRule) -> Reply:
    if rule.status == HTTPStatus.TOO_MANY_REQUESTS:
        headers = rate_limit_headers(rule.headers, 200, rule.retry_after_seconds)
        return Reply(rule.status, TOO_MANY, headers=headers)
    if rule.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return html_page(rule.status, _phrase(rule.status))
    return Reply(rule.status, encode(failure(rule.message)))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def on_bytes(rule: FaultRule, reply: Reply) -> None:
    """Break the bytes of a reply, if the rule is of that kind."""
    if rule.effect == "reset":
        reply.sent_share = 0.5
    elif rule.effect == "truncated_json":
        reply.body = reply.body[: max(1, len(reply.body) * 2 // 3)]
    elif rule.effect == "malformed":
        reply.body = reply.body.replace(_SURROGATE.encode(), b"\\ud83d")
        reply.body = reply.body.replace(_BAD_BYTES.encode(), b"\xff\xfe\xc3(")


class PageFaults:
    """The faults of pages and rows, and those that change the world between two requests."""

    def __init__(self, world: World, editor: Editor) -> None:
        self._world = world
        self._editor = editor
        self._served: OrderedDict[str, list[Any]] = OrderedDict()

    def forget(self) -> None:
        """Forget the pages served so far."""
        self._served.clear()

    def apply(
        self, rules: list[FaultRule], call: Call, outcome: Outcome, handler: Handler
    ) -> Outcome:
        """Return the outcome with the struck rules' faults in it."""
        changed: Outcome = outcome
        for rule in rules:
            if isinstance(changed, Page):
                changed.rows = self._on_page(rule, call, changed, handler)
                self._remember(call.path, changed.rows)
            elif isinstance(changed, dict):
                changed = _on_rows(rule, call, [changed])[0]
            self._on_world(rule, call, changed)
        return changed

    def remember(self, call: Call, outcome: Outcome) -> None:
        """Keep the rows of a page, in case the next one is to repeat them."""
        if isinstance(outcome, Page):
            self._remember(call.path, outcome.rows)

    def _remember(self, path: str, rows: list[Any]) -> None:
        self._served[path] = rows
        self._served.move_to_end(path)
        if len(self._served) > REMEMBERED_PAGES:
            self._served.popitem(last=False)

    def _on_page(self, rule: FaultRule, call: Call, page: Page, handler: Handler) -> list[Any]:
        match rule.effect:
            case "empty_page":
                return []
            case "duplicate_page":
                return self._served.get(call.path, page.rows)
            case "endless_pages" if not page.rows:
                kept = {k: v for k, v in call.query.items() if k not in {"offset", "afterId"}}
                first = handler(self._world, Call(call.template, call.path, call.numbers, kept))
                page.count = (page.offset or 0) + 2 * page.size
                return first.rows if isinstance(first, Page) else []
            case "duplicate_message":
                return [*page.rows, *page.rows[-1:]]
            case _:
                return _on_rows(rule, call, page.rows)

    def _on_world(self, rule: FaultRule, call: Call, outcome: Outcome) -> None:
        """Change the world right after this request was answered."""
        if rule.effect == "message_arrives":
            number = rule.conversation_id or call.numbers.get("id")
            if isinstance(outcome, Page) and number is None and outcome.rows:
                number = outcome.rows[rule.row % len(outcome.rows)].get("id")
            if number is not None:
                body = rule.message
                self._editor.add_message(NewMessage(conversation_id=int(number), body=body))
        elif rule.effect == "reservation_jumps" and isinstance(outcome, Page) and outcome.rows:
            self._jump(outcome)

    def _jump(self, page: Page) -> None:
        """Move the row behind this page to the front, so that `offset` misses or repeats rows."""
        last = self._world.reservation_index(int(page.rows[-1]["id"]))
        if last is None:
            return
        behind = self._world.by_update.page_after(last, 1, descending=True)
        for index in behind:
            self._editor.touch_reservation(index)


def _on_rows(rule: FaultRule, call: Call, rows: list[Any]) -> list[Any]:
    match rule.effect:
        case "unknown_keys":
            future = {"carrierPigeon": {"name": "Bob", "stops": [1, 2.5, None]}, "x-new": 1}
            return [{**row, **future} for row in rows]
        case "unknown_enum":
            field = rule.field or _by_noun(call, _ENUMS, "communicationType")
            return [{**row, field: rule.value} for row in rows]
        case "malformed" if rows:
            number = rule.row % len(rows)
            if rule.message_id is not None:
                found = [n for n, row in enumerate(rows) if row.get("id") == rule.message_id]
                if not found:
                    return rows
                number = found[0]
            return [
                _malformed(rule, call, row) if place == number else row
                for place, row in enumerate(rows)
            ]
        case _:
            return rows


def _malformed(rule: FaultRule, call: Call, row: Row) -> Any:
    date = rule.field or _by_noun(call, _DATES, "date")
    text = rule.field or ("body" if "body" in row else _name_field(row))
    changes: dict[str, Row] = {
        "null_id": {"id": None},
        "wrong_type": {rule.field or ("body" if "body" in row else "id"): {"not": ["expected"]}},
        "bad_date": {date: "2026-13-45 99:61:00"},
        "odd_unicode": {text: ODD_UNICODE},
        "lone_surrogate": {text: f"broken {_SURROGATE} here"},
        "invalid_utf8": {text: f"broken {_BAD_BYTES} here"},
        "huge_body": {text: "long " * (HUGE_BODY // 5)} if rule.kind == "huge_body" else {},
    }
    if rule.kind == "not_an_object":
        return "this is not an object"
    if rule.kind == "missing_date":
        return {key: value for key, value in row.items() if key != date}
    return {**row, **changes[rule.kind]}


def _name_field(row: Row) -> str:
    return next((key for key in ("guestName", "recipientName", "name") if key in row), "comment")


def _by_noun(call: Call, table: dict[str, str], otherwise: str) -> str:
    """Return the entry for the kind of rows the path gives; messages are the other ones."""
    if call.template.endswith("messages") or "{messageId}" in call.template:
        return otherwise
    return next((name for path, name in table.items() if call.template.startswith(path)), otherwise)
