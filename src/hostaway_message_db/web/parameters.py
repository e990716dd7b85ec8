"""Parameters that several routes share."""

from typing import Annotated, Any

from fastapi import Query

from hostaway_message_db.insights.figures import By
from hostaway_message_db.web.answers import ErrorAnswer

Text = Annotated[str, Query(alias="q", description="Words and operators of the query language.")]
Account = Annotated[str | None, Query(description="Only this account, of several.")]
Since = Annotated[str, Query(description="2026-05-01, 2026-05, 90d; without, 30 days ago.")]
Until = Annotated[str, Query(description="Up to this day, without it; without, now.")]
Group = Annotated[By | None, Query(description="Break the figures down.")]
Compare = Annotated[
    str, Query(pattern="^(previous)?$", description="`previous`: the period before as well.")
]
_MEANINGS: dict[int | str, str] = {
    400: "A parameter does not make sense.",
    401: "No key, or a wrong one.",
    404: "There is no such thing.",
    # Named, so that the framework does not promise a 422 of its own shape.
    "4XX": "Any other refusal.",
    503: "The database cannot be reached, or too many ask at once.",
}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": meaning} for status, meaning in _MEANINGS.items()
}
