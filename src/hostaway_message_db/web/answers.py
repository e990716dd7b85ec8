"""Answers as JSON, errors in one shape."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hostaway_message_db.errors import (
    HostawayMessageDbError,
    KeyRefused,
    MethodRefused,
    RequestNotAnswered,
    RouteUnknown,
    ServerBusy,
    UsageError,
)
from hostaway_message_db.utils.logger import masked
from hostaway_message_db.utils.plain_json import to_json

MOST_PROBLEMS = 10
_BY_STATUS: dict[int, tuple[type[RequestNotAnswered], str]] = {
    404: (RouteUnknown, "There is no such path."),
    405: (MethodRefused, "This path does not take this method."),
}


class ErrorWords(BaseModel):
    """What happened, in words and as a stable code."""

    code: str
    message: str
    hint: str


class ErrorAnswer(BaseModel):
    """The one shape of every error."""

    error: ErrorWords


def answer(value: Any, status: int = 200) -> Response:
    """Return a value as JSON; the same form as the command line's `--json`."""
    # A lone surrogate becomes its JSON escape, which is what it was.
    body = to_json(value, indent=None).encode("utf-8", "backslashreplace")
    return Response(body, status, media_type="application/json")


def error_answer(error: HostawayMessageDbError) -> Response:
    """Return an error in the one shape, with the HTTP status of its class."""
    hint = error.hint
    if isinstance(error, UsageError) and hint == UsageError.default_hint:
        hint = RequestNotAnswered.default_hint
    words = {"code": error.code, "message": masked(error.message), "hint": masked(hint)}
    told = answer({"error": words}, error.http_status)
    if isinstance(error, KeyRefused):
        told.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, ServerBusy):
        told.headers["Retry-After"] = "1"
    return told


def add_error_handlers(app: FastAPI) -> None:
    """Turn every way to fail into an error of ours."""

    async def ours(_: Request, error: Exception) -> Response:
        if not isinstance(error, HostawayMessageDbError):
            raise error
        return error_answer(error)

    async def of_the_framework(_: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        kind, sentence = _BY_STATUS.get(error.status_code, (RouteUnknown, "Not answered."))
        told = error_answer(kind(sentence))
        for name, value in (error.headers or {}).items():
            told.headers[name] = value
        return told

    async def of_parameters(_: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        problems = [
            f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors()[:MOST_PROBLEMS]
        ]
        return error_answer(UsageError("; ".join(problems)))

    app.add_exception_handler(HostawayMessageDbError, ours)
    app.add_exception_handler(HTTPException, of_the_framework)
    app.add_exception_handler(RequestValidationError, of_parameters)
