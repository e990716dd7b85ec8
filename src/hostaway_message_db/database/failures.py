"""MongoDB's errors become ours, in one place."""

import functools
import re
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from bson.errors import BSONError
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from hostaway_message_db import errors
from hostaway_message_db.utils.cancellation import cancellations, raise_if_cancelled
from hostaway_message_db.utils.masking import mask_uri

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")

DUPLICATE_KEY = 11000
_DISK_FULL = 14031
_NO_SPACE = re.compile("No space left on device|Disk quota exceeded")
_AUTHENTICATION_CODES = {13, 18, 8000}


@contextmanager
def translated(address: str = "") -> Iterator[None]:
    """Turn every error of the driver into one of ours, without addresses' passwords."""
    try:
        yield
    except (PyMongoError, BSONError) as error:
        raise translate(error, address) from error
    except ValueError as error:
        if not address:
            raise
        # What the driver makes of some addresses that are none, such as a port of letters.
        raise translate(InvalidURI(), address) from error


def guarded(
    method: Callable[_Arguments, Coroutine[Any, Any, _Answer]],
) -> Callable[_Arguments, Coroutine[Any, Any, _Answer]]:
    """Translate the driver's errors of a coroutine, and let no cancellation be lost in it."""

    @functools.wraps(method)
    async def call(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Answer:
        before = cancellations()
        with translated():
            answer = await method(*args, **kwargs)
        raise_if_cancelled(before)
        return answer

    return call


def translate(error: Exception, address: str = "") -> errors.DatabaseError:
    """Say in our words what the driver met."""
    where = f" at {mask_uri(address)}" if address else ""
    if isinstance(error, InvalidURI | ConfigurationError):
        return errors.DatabaseUnavailable(
            # Not in the driver's words: they quote what may be a part of the password.
            f"MONGODB_URI cannot be used ({_kind(error)}).",
            "Write it as mongodb://user:password@host/, with special characters of the password"
            " percent-encoded, and options as key=value pairs.",
        )
    if _is_disk_full(error):
        return errors.DatabaseUnavailable(
            f"MongoDB{where} has no room left: its disk is full.",
            "Free some space on the database's disk and run this again; what is stored is safe.",
        )
    if isinstance(error, ServerSelectionTimeoutError | AutoReconnect | ConnectionFailure):
        return errors.DatabaseUnavailable(f"MongoDB{where} cannot be reached ({_kind(error)}).")
    if isinstance(error, BulkWriteError | DuplicateKeyError):
        return _of_write(error, where)
    if isinstance(error, OperationFailure):
        return _of_refusal(error, where)
    return errors.DatabaseUnavailable(f"MongoDB{where} failed ({_kind(error)}).")


def _is_disk_full(error: Exception) -> bool:
    """Tell whether the server said so, by its code or in the system's words.

    Only a write that it refuses beforehand has the code; an index build that runs out of room fails
    with `UnknownError` and the system's words.
    """
    if not isinstance(error, OperationFailure):
        return False
    details = error.details or {}
    problems = [*details.get("writeErrors", []), *details.get("writeConcernErrors", [])]
    said = [details, {"code": error.code}, *problems]
    return any(
        part.get("code") == _DISK_FULL or _NO_SPACE.search(str(part.get("errmsg", "")))
        for part in said
    )


def is_duplicate_key(error: BulkWriteError) -> bool:
    """Tell whether all that went wrong is that somebody else inserted the same key."""
    problems = (error.details or {}).get("writeErrors", [])
    return bool(problems) and all(p.get("code") == DUPLICATE_KEY for p in problems)


def _of_write(error: BulkWriteError | DuplicateKeyError, where: str) -> errors.DatabaseError:
    if isinstance(error, DuplicateKeyError) or is_duplicate_key(error):
        return errors.StoreContention(f"MongoDB{where}: another process wrote the same record.")
    details = error.details or {}
    codes = sorted({str(p.get("code")) for p in details.get("writeErrors", [])})
    unsure = details.get("writeConcernErrors")
    what = f"codes {', '.join(codes)}" if codes else "not confirmed" if unsure else "unknown cause"
    return errors.DatabaseUnavailable(
        f"MongoDB{where} could not write everything ({what}).", "Look at the server's log."
    )


def _of_refusal(error: OperationFailure, where: str) -> errors.DatabaseError:
    if error.code in _AUTHENTICATION_CODES:
        return errors.DatabaseUnavailable(
            f"MongoDB{where} refuses the login or the right to do this (code {error.code}).",
            "Check the user, password and role in MONGODB_URI.",
        )
    return errors.DatabaseUnavailable(
        f"MongoDB{where} could not do what was asked (code {error.code}: {_name(error)}).",
        "Look at the server's log.",
    )


def _name(error: OperationFailure) -> str:
    return str((error.details or {}).get("codeName", type(error).__name__))


def _kind(error: Exception) -> str:
    return type(error).__name__
