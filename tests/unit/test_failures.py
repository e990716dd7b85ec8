"""What MongoDB says becomes a sentence that helps."""

import pytest
from pymongo.errors import BulkWriteError, OperationFailure, WriteConcernError

from hostaway_message_db.database.failures import translate

BUILD = {
    "ok": 0.0,
    "errmsg": "Index build failed: caused by :: 28: No space left on device",
    "code": 8,
    "codeName": "UnknownError",
}
REFUSED = {"code": 14031, "errmsg": "available disk space of 1 bytes is less than required"}


@pytest.mark.parametrize(
    "error",
    [
        OperationFailure("no room", 8, BUILD),
        OperationFailure("no room", 14031, REFUSED),
        OperationFailure("quota", 8, {"code": 8, "errmsg": "122: Disk quota exceeded"}),
        BulkWriteError({"writeErrors": [{"index": 0, **REFUSED}]}),
        BulkWriteError({"writeErrors": [], "writeConcernErrors": [REFUSED]}),
    ],
)
def test_a_full_disk_is_called_one(error: OperationFailure) -> None:
    said = translate(error, "mongodb://me:secret@db.example/")
    assert str(said) == "MongoDB at mongodb://db.example/ has no room left: its disk is full."
    assert "Free some space" in said.hint


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OperationFailure("no", 18, {"codeName": "AuthenticationFailed"}), "refuses the login"),
        (OperationFailure("odd", 8, {"codeName": "UnknownError"}), "code 8: UnknownError"),
        (WriteConcernError("slow", 64, {"codeName": "WriteConcernFailed"}), "WriteConcernFailed"),
        (BulkWriteError({"writeErrors": [{"index": 0, "code": 121}]}), "codes 121"),
    ],
)
def test_other_failures_keep_their_code(error: OperationFailure, sentence: str) -> None:
    assert sentence in str(translate(error))
