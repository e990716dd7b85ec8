"""Files of messages, written batch by batch: CSV, lines of JSON, Parquet, Excel."""

import csv
import io
import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import IO, Any, Protocol

from hostaway_message_db.insights.export.columns import COLUMNS, Kind, values_of

Messages = Sequence[dict[str, Any]]
SHEET_ROWS = 1_000_000
CELL_CHARACTERS = 32_767
"""What Excel takes in a sheet and in a cell."""
MONEY_DIGITS, MONEY_DECIMALS = 38, 10
_FORMULA = re.compile(r"\s*[=+\-@]|[\t\r]")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Format(StrEnum):
    """Kinds of file."""

    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"
    XLSX = "xlsx"


class Writer(Protocol):
    """Writes messages to an open file; `close` ends the content, not the file."""

    def write(self, messages: Messages) -> None:
        """Write a batch."""
        ...

    def close(self) -> None:
        """Write what stands at the end."""
        ...


def writer(kind: Format, output: IO[bytes]) -> Writer:
    """Return what writes this kind of file."""
    kinds: dict[Format, type[CsvWriter | NdjsonWriter | ParquetWriter | XlsxWriter]] = {
        Format.CSV: CsvWriter,
        Format.NDJSON: NdjsonWriter,
        Format.PARQUET: ParquetWriter,
        Format.XLSX: XlsxWriter,
    }
    return kinds[kind](output)


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: with an apostrophe before it."""
    return f"'{text}" if _FORMULA.match(text) else text


class CsvWriter:
    """CSV in UTF-8: a header, moments in ISO 8601, and no cell that runs as a formula."""

    def __init__(self, output: IO[bytes]) -> None:
        self._output = output
        self._write([[column.name for column in COLUMNS]])

    def write(self, messages: Messages) -> None:
        """Write a batch."""
        self._write(
            [_csv_cell(c.kind, v) for c, v in zip(COLUMNS, values_of(m), strict=True)]
            for m in messages
        )

    def close(self) -> None:
        """Nothing stands at the end."""

    def _write(self, rows: Any) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(rows)
        self._output.write(text.getvalue().encode())


def _csv_cell(kind: Kind, value: Any) -> str:
    if value is None:
        return ""
    if kind is Kind.TEXTS:
        return harmless(";".join(value))
    if kind is Kind.TEXT:
        return harmless(str(value))
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


class NdjsonWriter:
    """One JSON object a line: the whole message as it is stored; money as text."""

    def __init__(self, output: IO[bytes]) -> None:
        self._output = output

    def write(self, messages: Messages) -> None:
        """Write a batch."""
        for message in messages:
            line = json.dumps(message, default=_json_value, ensure_ascii=False)
            self._output.write(line.encode() + b"\n")

    def close(self) -> None:
        """Nothing stands at the end."""


def _json_value(value: Any) -> str:
    if isinstance(value, datetime | date | Decimal):
        return _plain(value)
    # Ids of files and their bytes have no form of their own in JSON.
    return value.hex() if isinstance(value, bytes) else str(value)


class ParquetWriter:
    """Parquet with real types: moments in UTC, days, decimals, lists of texts."""

    def __init__(self, output: IO[bytes]) -> None:
        import pyarrow as pa  # noqa: PLC0415 - half a second, for those who use it
        from pyarrow import parquet  # noqa: PLC0415

        kinds = {
            Kind.TEXT: pa.string(),
            Kind.MOMENT: pa.timestamp("us", tz="UTC"),
            Kind.DAY: pa.date32(),
            Kind.FLAG: pa.bool_(),
            Kind.NUMBER: pa.float64(),
            Kind.WHOLE: pa.int32(),
            Kind.MONEY: pa.decimal128(MONEY_DIGITS, MONEY_DECIMALS),
            Kind.TEXTS: pa.list_(pa.string()),
        }
        self._arrow = pa
        self._schema = pa.schema([(c.name, kinds[c.kind]) for c in COLUMNS])
        self._writer = parquet.ParquetWriter(output, self._schema, compression="zstd")

    def write(self, messages: Messages) -> None:
        """Write a batch as a row group."""
        rows = [values_of(message) for message in messages]
        arrays = [
            self._arrow.array([_typed(c.kind, row[n]) for row in rows], self._schema.field(n).type)
            for n, c in enumerate(COLUMNS)
        ]
        self._writer.write_table(self._arrow.table(arrays, schema=self._schema))

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()


def _typed(kind: Kind, value: Any) -> Any:
    if kind is Kind.MONEY and value is not None:
        rounded = round(value, MONEY_DECIMALS)
        return rounded if len(rounded.as_tuple().digits) <= MONEY_DIGITS else None
    if kind is Kind.NUMBER and value is not None:
        return float(value)
    return list(value or ()) if kind is Kind.TEXTS else value


class XlsxWriter:
    """An Excel file, row by row at constant memory; past a million rows, a further sheet."""

    def __init__(self, output: IO[bytes]) -> None:
        import xlsxwriter  # noqa: PLC0415 - an eighth of a second, for those who use it

        # Texts are never read as formulas, numbers or links.
        plain = {"strings_to_formulas": False, "strings_to_urls": False}
        options = {"constant_memory": True, "strings_to_numbers": False, **plain}
        self._book = xlsxwriter.Workbook(output, options)
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._heading = self._book.add_format({"bold": True})
        self._row = SHEET_ROWS
        self._sheet: Any = None
        self._sheets = 0
        self._next_sheet()

    def _next_sheet(self) -> None:
        self._sheets += 1
        number = "" if self._sheets == 1 else f" {self._sheets}"
        self._sheet = self._book.add_worksheet(f"messages{number}")
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(COLUMNS):
            self._sheet.write_string(0, place, column.name, self._heading)
        self._row = 0

    def write(self, messages: Messages) -> None:
        """Write a batch."""
        for message in messages:
            if self._row >= SHEET_ROWS:
                self._next_sheet()
            self._row += 1
            for place, value in enumerate(values_of(message)):
                if value is not None:
                    self._cell(place, COLUMNS[place].kind, value)

    def _cell(self, place: int, kind: Kind, value: Any) -> None:
        sheet, row = self._sheet, self._row
        if kind is Kind.MOMENT:
            sheet.write_datetime(row, place, value.replace(tzinfo=None), self._moment)
        elif kind is Kind.DAY:
            sheet.write_datetime(row, place, value, self._day)
        elif kind is Kind.FLAG:
            sheet.write_boolean(row, place, value)
        elif kind in {Kind.NUMBER, Kind.WHOLE, Kind.MONEY}:
            sheet.write_number(row, place, float(value))
        else:
            text = ";".join(value) if kind is Kind.TEXTS else str(value)
            sheet.write_string(row, place, _NOT_IN_XML.sub("\ufffd", text)[:CELL_CHARACTERS])

    def close(self) -> None:
        """Put the file together."""
        self._book.close()
