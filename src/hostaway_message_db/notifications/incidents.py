"""Who was told of what: in the store, and in a file while the store cannot be asked."""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from hostaway_message_db.errors import DatabaseError
from hostaway_message_db.ports import Incident, IncidentMemory
from hostaway_message_db.utils.logger import get_logger

log = get_logger(__name__)


class FileMemory:
    """One small file for each account that fails; see `ports.IncidentMemory`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def begin(self, account_id: str, now: datetime) -> bool:
        """Note a failure; True if nobody was told of this incident yet, and now will be."""
        known = self._read(account_id)
        since = known["failing_since"] if known else now.isoformat()
        failures = known["failures"] + 1 if known else 1
        self._write(account_id, since, failures, is_told=True)
        return not (known and known["is_told"])

    async def end(self, account_id: str) -> Incident | None:
        """Note a success; return the incident that it ends."""
        known = self._read(account_id)
        with suppress(OSError):
            self._path(account_id).unlink(missing_ok=True)
        if known is None:
            return None
        return Incident(datetime.fromisoformat(known["failing_since"]), known["failures"])

    async def untell(self, account_id: str) -> None:
        """Take back that somebody was told: it could not be delivered."""
        known = self._read(account_id)
        if known:
            self._write(account_id, known["failing_since"], known["failures"], is_told=False)

    async def restore(self, account_id: str, incident: Incident) -> None:
        """Take back the end of an incident: it could not be delivered."""
        since = incident.failing_since.isoformat()
        self._write(account_id, since, incident.failures, is_told=True)

    def _path(self, account_id: str) -> Path:
        return self._folder / f"incident-{account_id}.json"

    def _read(self, account_id: str) -> dict[str, Any] | None:
        try:
            known = json.loads(self._path(account_id).read_text(encoding="utf-8"))
            datetime.fromisoformat(known["failing_since"])
            return {**known, "failures": int(known["failures"]), "is_told": bool(known["is_told"])}
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _write(self, account_id: str, since: str, failures: int, *, is_told: bool) -> None:
        known = {"failing_since": since, "failures": failures, "is_told": is_told}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._path(account_id).write_text(json.dumps(known), encoding="utf-8")
        except OSError as error:
            log.warning("incident_not_remembered", problem=type(error).__name__)


class Incidents:
    """Both memories as one: the store's where it answers, and the file's where it does not."""

    def __init__(self, account_id: str, store: IncidentMemory | None, file: FileMemory) -> None:
        self._account_id = account_id
        self._store = store
        self._file = file
        self._used: IncidentMemory = file

    async def begin(self, now: datetime) -> bool:
        """Note a failure; True if this is what people must be told of."""
        if self._store is not None:
            try:
                is_first = await self._store.begin(self._account_id, now)
            except DatabaseError as error:
                log.warning("incident_store_away", error=error.code)
            else:
                self._used = self._store
                return is_first
        return await self._file.begin(self._account_id, now)

    async def end(self) -> Incident | None:
        """Note a success in both; return the incident that it ends, the longer one of two."""
        ended = await self._file.end(self._account_id)
        if self._store is not None:
            try:
                stored = await self._store.end(self._account_id)
            except DatabaseError as error:
                log.warning("incident_store_away", error=error.code)
            else:
                self._used = self._store
                both = [incident for incident in (ended, stored) if incident]
                return min(both, key=lambda incident: incident.failing_since, default=None)
        return ended

    async def take_back(self, ended: Incident | None) -> None:
        """Undo what was noted last, since nobody could be told; the next run tells them."""
        if ended is None:
            await self._undo(self._used.untell, self._account_id)
        else:
            await self._undo(self._used.restore, self._account_id, ended)

    async def _undo(self, undo: Callable[..., Awaitable[None]], *values: Any) -> None:
        try:
            await undo(*values)
        except DatabaseError as error:
            log.warning("incident_store_away", error=error.code)
