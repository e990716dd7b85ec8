"""What is exported opens where people open it, with nothing lost and nothing that runs."""

import csv
import json
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pytest

from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.errors import UsageError
from hostaway_message_db.insights.export.columns import COLUMNS
from hostaway_message_db.insights.export.run import export_messages
from hostaway_message_db.insights.export.writers import Format, harmless, writer
from hostaway_message_db.insights.query_language import read_query
from hostaway_message_db.models.records import Message
from support.records import NOON, at, message, reservation

CONTENTS = {
    "1": '=HYPERLINK("http://x")', "2": 'line one\nline two, and "quotes"; 東京', "3": "plain",
    "4": "\t=1+1", "5": "bell \x07 and é", "6": "-not a formula?", "7": "x" * 40_000,
}  # fmt: skip


def messages() -> list[Message]:
    prices = [Decimal("1234.50"), None, Decimal("1E+3"), Decimal("0.1"), *[Decimal("9.99")] * 3]
    return [
        message(
            identity,
            content=content,
            timestamp=at(-int(identity)),
            reservation=reservation(price=price, arrival_date=date(2026, 5, 1)),
        )
        for (identity, content), price in zip(CONTENTS.items(), prices, strict=True)
    ]


@pytest.fixture
async def exported(mongo: MongoDatabase, tmp_path: Path) -> dict[Format, Path]:
    await mongo.stores().messages.load(messages(), NOON)
    topics = {"$set": {"topics": ["wifi", "noise"]}}
    await mongo.database["messages"].update_one({"message_id": "1"}, topics)
    made = {kind: tmp_path / f"messages.{kind}" for kind in Format}
    noted: list[int] = []
    for kind, path in made.items():
        query = read_query("", NOON).query
        count = await export_messages(mongo.queries(), query, kind, str(path), noted.append)
        assert count == len(CONTENTS)
    assert sum(noted) == len(CONTENTS) * len(Format)
    return made


async def test_no_half_of_a_file_stays_behind(exported: dict[Format, Path], tmp_path: Path) -> None:
    there = {path.name for path in tmp_path.glob("*")}  # noqa: ASYNC240 - a folder of its own
    assert there == {path.name for path in exported.values()}


async def test_csv_keeps_every_text_and_runs_no_formula(exported: dict[Format, Path]) -> None:
    with exported[Format.CSV].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [column.name for column in COLUMNS]
    assert [row["message_id"] for row in rows] == list(CONTENTS)
    for row in rows:
        content = CONTENTS[row["message_id"]]
        assert row["content"] == harmless(content)
        assert row["content"].removeprefix("'") == content
        assert row["content"][0] not in "=+-@\t\r"
    assert rows[0]["timestamp"] == "2026-11-22T11:59:59Z"
    assert [row["price"] for row in rows[:4]] == ["1234.50", "", "1000", "0.1"]
    assert rows[0]["topics"] == "wifi;noise"
    assert rows[0]["is_automated"] == "false"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1", "\n=1"])
def test_what_a_spreadsheet_would_run_is_made_harmless(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless("a" + text) == "a" + text


async def test_lines_of_json_are_the_whole_message(exported: dict[Format, Path]) -> None:
    lines = [json.loads(line) for line in exported[Format.NDJSON].read_text("utf-8").splitlines()]
    assert [line["content"] for line in lines] == list(CONTENTS.values())
    assert lines[0]["reservation"]["price"] == "1234.50"
    assert lines[0]["timestamp"] == "2026-11-22T11:59:59Z"
    assert "search_terms" not in lines[0]


async def test_parquet_has_real_types_in_duckdb_and_pandas(exported: dict[Format, Path]) -> None:
    path = str(exported[Format.PARQUET])
    with duckdb.connect() as connection:
        types = {r[0]: r[1] for r in connection.execute(f"describe '{path}'").fetchall()}
        found = connection.execute(
            f"select sum(price), min(timestamp)::timestamp, max(arrival_date), max(content),"  # noqa: S608 - our own path
            f" any_value(topics) filter (message_id = '1') from '{path}'"
        ).fetchone()
    assert types["price"] == "DECIMAL(38,10)"
    assert types["timestamp"] == "TIMESTAMP WITH TIME ZONE"
    assert types["arrival_date"] == "DATE"
    assert types["topics"] == "VARCHAR[]"
    assert types["is_automated"] == "BOOLEAN"
    assert found is not None
    assert found[0] == Decimal("2264.57")
    assert found[1] == datetime(2026, 11, 22, 11, 59, 53)  # noqa: DTZ001 - cast to UTC without a zone
    assert found[2:5] == (date(2026, 5, 1), "x" * 40_000, ["wifi", "noise"])
    frame = pd.read_parquet(path)
    assert str(frame["timestamp"].dtype).startswith("datetime64[")
    assert list(frame["content"]) == list(CONTENTS.values())
    assert frame["price"][0] == Decimal("1234.50")


async def test_excel_has_dates_and_numbers_and_no_formula(exported: dict[Format, Path]) -> None:
    sheet = openpyxl.load_workbook(exported[Format.XLSX])["messages"]
    rows: list[tuple[Any, ...]] = list(sheet.iter_rows(values_only=True))
    assert list(rows[0]) == [column.name for column in COLUMNS]
    first = dict(zip(rows[0], rows[1], strict=True))
    assert first["content"] == CONTENTS["1"]
    assert sheet.cell(2, rows[0].index("content") + 1).data_type == "s"
    assert first["timestamp"] == datetime(2026, 11, 22, 11, 59, 59)  # noqa: DTZ001 - Excel has no zones
    assert first["price"] == 1234.5
    assert len(rows[7][rows[0].index("content")]) == 32_767


async def test_a_query_filters_and_a_file_that_cannot_be_written_is_said(
    mongo: MongoDatabase, tmp_path: Path
) -> None:
    await mongo.stores().messages.load(messages(), NOON)
    query, path = read_query("plain", NOON).query, tmp_path / "out.ndjson"

    def note(_count: int) -> None:
        pass

    assert await export_messages(mongo.queries(), query, Format.NDJSON, str(path), note) == 1
    with pytest.raises(UsageError, match="cannot be written"):
        await export_messages(mongo.queries(), query, Format.CSV, str(tmp_path / "no" / "x"), note)
    assert await mongo.queries().count(query) == 1


@pytest.mark.parametrize("kind", list(Format))
def test_nothing_found_is_a_file_with_a_header_alone(kind: Format) -> None:
    output = BytesIO()
    writer(kind, output).close()
    if kind is Format.PARQUET:
        assert len(pd.read_parquet(BytesIO(output.getvalue()))) == 0
    elif kind is Format.XLSX:
        assert openpyxl.load_workbook(BytesIO(output.getvalue()))["messages"].max_row == 1
    else:
        assert output.getvalue().count(b"\n") == (1 if kind is Format.CSV else 0)
