"""Fault plans: which requests go wrong, and how (API reference 13.3).

A plan is JSON. A rule says which requests it matches, which of those it strikes, and what
then happens. Guarantees: deterministic - the same plan strikes the same requests of the same
sequence; chance comes from the plan's seed and the number of the matching request.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from hostaway_message_db.simulator.dice import Dice

Effect = Literal[
    "status", "hang", "reset", "truncated_json", "not_json", "fail_200",
    "empty_page", "duplicate_page", "endless_pages", "duplicate_message",
    "unknown_keys", "unknown_enum", "malformed",
    "expire_tokens", "message_arrives", "reservation_jumps",
]  # fmt: skip
Malformation = Literal[
    "null_id", "wrong_type", "missing_date", "bad_date", "odd_unicode", "lone_surrogate",
    "invalid_utf8", "huge_body", "not_an_object",
]  # fmt: skip
Number = Annotated[int, msgspec.Meta(ge=1)]


class FaultRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule of a plan.

    Which requests: `path` is a template such as `/conversations/{id}/messages`, or a regular
    expression over the path behind `/v1` if it begins with `^`; without it all requests.
    Which of those: `nth`, `every`, `first`, `probability`; without any of them, always.
    `conversation_id` narrows a rule to one conversation's requests; for `message_arrives`
    after a list it names the conversation that gets the message.
    """

    effect: Effect
    name: str = ""
    path: str | None = None
    method: str = "GET"
    conversation_id: int | None = None
    query: str | None = None
    nth: Number | None = None
    every: Number | None = None
    first: Number | None = None
    probability: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] | None = None
    status: int = 503
    headers: Literal["full", "none", "retry_after_seconds"] = "full"
    retry_after_seconds: float = 1.0
    seconds: float = 3600.0
    kind: Malformation = "null_id"
    row: int = 0
    message_id: int | None = None
    field: str | None = None
    value: str = "from_the_future"
    message: str = "The request could not be processed."

    def __post_init__(self) -> None:
        is_pattern = self.path is not None and self.path.startswith("^")
        for pattern in (self.path if is_pattern else None, self.query):
            try:
                re.compile(pattern or "")
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error


class FaultPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A list of rules and the seed of their chances."""

    seed: int = 1
    rules: tuple[FaultRule, ...] = ()

    @staticmethod
    def read(source: str | bytes | Path) -> "FaultPlan":
        """Read a plan from JSON: a path, or the text itself if it begins with `{`.

        Raises:
            ValueError: the text is no plan; the message names the place.
            OSError: the file cannot be read.
        """
        if isinstance(source, Path):
            text = source.read_bytes()
        elif isinstance(source, bytes) or source.lstrip().startswith("{"):
            text = source if isinstance(source, bytes) else source.encode()
        else:
            text = Path(source).read_bytes()
        return msgspec.json.decode(text, type=FaultPlan)


class Asked(msgspec.Struct, frozen=True):
    """What of a request the rules look at."""

    method: str
    template: str
    path: str
    query: str
    conversation_id: int | None


class FaultEngine:
    """Keeps count of the matching requests and tells which rules strike."""

    def __init__(self, plan: FaultPlan | None = None) -> None:
        self.plan = plan or FaultPlan()
        self._counts = [0] * len(self.plan.rules)

    def striking(self, asked: Asked) -> list[FaultRule]:
        """Return the rules that strike this request, in the plan's order."""
        struck = []
        for number, rule in enumerate(self.plan.rules):
            if not _matches(rule, asked):
                continue
            self._counts[number] += 1
            if self._strikes(rule, number):
                struck.append(rule)
        return struck

    def _strikes(self, rule: FaultRule, number: int) -> bool:
        count = self._counts[number]
        if rule.nth is not None and count != rule.nth:
            return False
        if rule.every is not None and count % rule.every:
            return False
        if rule.first is not None and count > rule.first:
            return False
        return rule.probability is None or Dice(self.plan.seed, number, count).chance(
            rule.probability
        )


def _matches(rule: FaultRule, asked: Asked) -> bool:
    if rule.method not in {"*", asked.method}:
        return False
    names_another = rule.conversation_id not in {None, asked.conversation_id}
    arrives_after_list = rule.effect == "message_arrives" and asked.conversation_id is None
    if names_another and not arrives_after_list:
        return False
    if rule.query is not None and not re.search(rule.query, asked.query):
        return False
    if rule.path is None:
        return True
    if rule.path.startswith("^"):
        return re.search(rule.path, asked.path) is not None
    return rule.path == asked.template
