"""What somebody who answers for guests' data can ask for."""

from dataclasses import dataclass
from datetime import datetime

from hostaway_message_db import __version__
from hostaway_message_db.ports import PrivacyStore, Stores
from hostaway_message_db.privacy.forget import ErasurePlan, Forgetting, Forgotten
from hostaway_message_db.privacy.identity import Selectors
from hostaway_message_db.privacy.subject_access import Dossier, collect


@dataclass(frozen=True, slots=True)
class PrivacyDesk:
    """Erasure and subject access for one account; the stores are those without the guard."""

    stores: Stores
    store: PrivacyStore
    account_id: str

    async def plan(self, selectors: Selectors) -> ErasurePlan:
        """Say what forgetting would erase; changes nothing."""
        return await self._forgetting.plan(selectors)

    async def forget(self, selectors: Selectors, receipt_id: str, now: datetime) -> Forgotten:
        """Forget a guest; must be called under the account's lease. See `Forgetting.forget`."""
        return await self._forgetting.forget(selectors, receipt_id, now, __version__)

    async def collect(self, selectors: Selectors, now: datetime) -> Dossier:
        """Bring together everything stored of a guest; see `subject_access.collect`."""
        return await collect(self.stores, self.store, self.account_id, selectors, now)

    @property
    def _forgetting(self) -> Forgetting:
        return Forgetting(self.stores, self.store, self.account_id)
