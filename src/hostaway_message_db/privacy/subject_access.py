"""Subject access: everything stored of a guest, for programs and for the guest to read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from hostaway_message_db.errors import NotFound, UsageError
from hostaway_message_db.ports import PrivacyStore, Stores, Subject, Treatment
from hostaway_message_db.privacy.eraser import is_about
from hostaway_message_db.privacy.forget import Forgetting
from hostaway_message_db.privacy.holdings import with_personal_data
from hostaway_message_db.privacy.identity import Selectors, references_of
from hostaway_message_db.utils.plain_json import to_json

MAX_RECORDS = 100_000
"""Of one collection; more is no guest's."""
Records = dict[str, list[dict[str, Any]]]

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;"
    "padding:.2rem .8rem .2rem 0}article{border-top:1px solid #ccc;padding:.5rem 0}"
    ".text{white-space:pre-wrap;overflow-wrap:anywhere}pre{white-space:pre-wrap;"
    "overflow-wrap:anywhere;background:#f4f4f4;color:#111;padding:.5rem}"
)


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything stored of a guest, by collection."""

    account_id: str
    exported_at: datetime
    selected_by: tuple[str, ...]
    records: Records

    @property
    def counts(self) -> dict[str, int]:
        """Return how many records there are, by collection."""
        return {name: len(found) for name, found in self.records.items()}

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON-ready values."""
        return {
            "account_id": self.account_id,
            "exported_at": self.exported_at,
            "selected_by": list(self.selected_by),
            "counts": self.counts,
            "records": self.records,
        }

    def to_text(self) -> str:
        """Return all of it as one JSON object; moments in UTC, money with its own digits."""
        return to_json(self.to_json()) + "\n"

    def to_html(self) -> str:
        """Return all of it as one page that asks no other computer for anything."""
        return "\n".join(_page(self)) + "\n"


async def collect(
    stores: Stores,
    store: PrivacyStore,
    account_id: str,
    selectors: Selectors,
    now: datetime,
) -> Dossier:
    """Bring together everything stored of a guest; raises `NotFound` when that is nothing.

    Raises `UsageError` when the selectors lead to far more than one guest.
    """
    forgetting = Forgetting(stores, store, account_id)
    subject = await forgetting.resolve(selectors)
    ids = await store.message_ids(account_id, sorted(subject.conversation_ids))
    whole = subject | Subject(message_ids=ids)
    records: Records = {}
    for holding in with_personal_data():
        if holding.collection == "quarantine":
            records["quarantine"] = await _quarantined(stores, account_id, subject, selectors)
            continue
        if holding.collection == "sync_runs" and holding.treatment is Treatment.STRIP:
            continue  # Figures of whole runs; of the guest they name ids alone.
        found = await store.documents(account_id, holding, whole, MAX_RECORDS + 1)
        if len(found) > MAX_RECORDS:
            raise UsageError(
                f"There are more than {MAX_RECORDS} records in {holding.collection}.",
                "Name the reservations one by one.",
            )
        records[holding.collection] = found
    if not any(records.values()):
        raise NotFound(
            "Nothing is stored of such a guest.",
            "Check the id, address or number; one that is not synced yet is not known.",
        )
    return Dossier(account_id, now, selectors.kinds, records)


async def _quarantined(
    stores: Stores, account_id: str, subject: Subject, selectors: Selectors
) -> list[dict[str, Any]]:
    return [
        {
            "entity": record.entity,
            "record_id": record.record_id,
            "conversation_id": record.conversation_id,
            "reasons": list(record.reasons),
            "raw": record.raw,
        }
        async for record in stores.quarantine.stream(account_id)
        if is_about(references_of(record), subject, selectors)
    ]


# --- the page ------------------------------------------------------------------------------


def _page(dossier: Dossier) -> Iterator[str]:
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield (
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )
    yield '<meta name="referrer" content="no-referrer">'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>Stored data of a guest</title><style>{_STYLE}</style></head><body>"
    yield "<h1>What is stored of you</h1>"
    yield (
        f"<p>Hostaway account {escape(dossier.account_id)}, as of"
        f" {dossier.exported_at:%Y-%m-%d %H:%M} UTC. All times are UTC.</p>"
    )
    yield from _table("Records", dossier.counts)
    for stay in dossier.records.get("reservations", []):
        yield from _reservation(stay)
    messages = sorted(dossier.records.get("messages", []), key=_in_order)
    if messages:
        yield f"<h2>Messages ({len(messages)})</h2>"
    for message in messages:
        yield from _message(message)
    yield "<h2>Every record, as it is stored</h2>"
    for name, found in dossier.records.items():
        for record in found:
            text = to_json(record)
            yield f"<h3>{escape(name)}</h3><pre>{escape(text)}</pre>"
    yield "</body></html>"


def _in_order(message: Mapping[str, Any]) -> tuple[datetime, str]:
    return message["timestamp"], message["message_id"]


def _reservation(stay: Mapping[str, Any]) -> Iterator[str]:
    guest = stay["guest"]
    price = f"{stay['price']} {stay['currency'] or ''}" if stay["price"] is not None else None
    yield from _table(
        f"Reservation {stay['reservation_id']}",
        {
            "Name": guest["name"],
            "E-mail": guest["email"],
            "Phone": guest["phone"],
            "Country": guest["country"],
            "Arrival": stay["arrival_date"],
            "Departure": stay["departure_date"],
            "Price": price,
            "Status": stay["status"],
        },
    )


def _table(title: str, rows: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h2>{escape(title)}</h2><table>"
    for name, value in rows.items():
        shown = "" if value is None else str(value)
        yield f"<tr><th>{escape(name)}</th><td>{escape(shown)}</td></tr>"
    yield "</table>"


def _message(message: Mapping[str, Any]) -> Iterator[str]:
    who = "You" if message["direction"] == "inbound" else "Host"
    place = message["property"]["name"] or ""
    yield (
        f"<article><p><strong>{who}</strong>, {message['timestamp']:%Y-%m-%d %H:%M},"
        f" {escape(place)}</p>"
    )
    yield f'<p class="text">{escape(message["content"])}</p>'
    for file in message["attachments"]:
        yield f"<p>File: {escape(str(file.get('name') or 'unnamed'))}</p>"
    yield "</article>"
