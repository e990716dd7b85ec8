"""What the use cases need of the world: Hostaway, the store, an audience."""

from dataclasses import dataclass, field

from hostaway_message_db.ports.audience import Audience, ProgressNumbers
from hostaway_message_db.ports.audit import (
    ApiCall,
    AuditQueries,
    AuditStore,
    CallFilter,
)
from hostaway_message_db.ports.entities import EntityStore
from hostaway_message_db.ports.figures import FigureStore, Outdated, Segment, bucket_of
from hostaway_message_db.ports.files import FileStore, StoredFile, WantedFile
from hostaway_message_db.ports.hostaway import HostawaySource, Page, RequestCounts
from hostaway_message_db.ports.jobs import (
    Incident,
    IncidentMemory,
    JobOutcome,
    JobRecord,
    JobStore,
    ScheduledJob,
)
from hostaway_message_db.ports.labels import (
    Attitude,
    LabelStore,
    LanguageVotes,
    MessageLabels,
    StoredText,
    TextLabeller,
    TextLabels,
    TextVector,
)
from hostaway_message_db.ports.privacy import (
    Contact,
    Holding,
    NothingForgotten,
    Privacy,
    PrivacyStore,
    Receipt,
    Subject,
    Tidied,
    Tombstone,
    TombstoneKey,
    TombstoneKind,
    Treatment,
)
from hostaway_message_db.ports.queries import MessageQueries, Position, StoreOverview
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
from hostaway_message_db.ports.vectors import VectorStore

__all__ = [
    "AccountState",
    "ApiCall",
    "Attitude",
    "Audience",
    "AuditQueries",
    "AuditStore",
    "CallFilter",
    "Contact",
    "ConversationMark",
    "ConversationState",
    "EntityStore",
    "FigureStore",
    "FileStore",
    "Holding",
    "HostawaySource",
    "Incident",
    "IncidentMemory",
    "JobOutcome",
    "JobRecord",
    "JobStore",
    "LabelStore",
    "LanguageVotes",
    "LeaseHolder",
    "LeaseStore",
    "LoadOutcome",
    "MessageLabels",
    "MessageQueries",
    "MessageStore",
    "NothingForgotten",
    "Outdated",
    "Page",
    "Position",
    "Privacy",
    "PrivacyStore",
    "ProgressNumbers",
    "QuarantineStore",
    "Receipt",
    "RequestCounts",
    "RunStore",
    "ScheduledJob",
    "Segment",
    "SideStore",
    "StoreOverview",
    "StoredFile",
    "StoredText",
    "Stores",
    "Subject",
    "SyncStateStore",
    "TextLabeller",
    "TextLabels",
    "TextVector",
    "Tidied",
    "Tombstone",
    "TombstoneKey",
    "TombstoneKind",
    "Treatment",
    "VectorStore",
    "WantedFile",
    "bucket_of",
]


@dataclass(frozen=True, slots=True)
class Stores:
    """All the collections a use case may touch."""

    messages: MessageStore
    files: FileStore
    entities: EntityStore
    sides: SideStore
    quarantine: QuarantineStore
    state: SyncStateStore
    leases: LeaseStore
    runs: RunStore
    privacy: Privacy = field(default_factory=NothingForgotten)
