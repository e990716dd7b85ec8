"""What the use cases need of the world: Hostaway, the store, an audience."""

from dataclasses import dataclass

from hostaway_message_db.ports.audience import Audience, ProgressNumbers
from hostaway_message_db.ports.hostaway import HostawaySource, Page, RequestCounts
from hostaway_message_db.ports.queries import MessageQueries, StoreOverview
from hostaway_message_db.ports.state import (
    AccountState,
    ConversationMark,
    ConversationState,
    LeaseHolder,
    LeaseStore,
    RunStore,
    SyncStateStore,
)
from hostaway_message_db.ports.stores import LoadOutcome, MessageStore, QuarantineStore, SideStore

__all__ = [
    "AccountState",
    "Audience",
    "ConversationMark",
    "ConversationState",
    "HostawaySource",
    "LeaseHolder",
    "LeaseStore",
    "LoadOutcome",
    "MessageQueries",
    "MessageStore",
    "Page",
    "ProgressNumbers",
    "QuarantineStore",
    "RequestCounts",
    "RunStore",
    "SideStore",
    "StoreOverview",
    "Stores",
    "SyncStateStore",
]


@dataclass(frozen=True, slots=True)
class Stores:
    """All the collections a use case may touch."""

    messages: MessageStore
    sides: SideStore
    quarantine: QuarantineStore
    state: SyncStateStore
    leases: LeaseStore
    runs: RunStore
