"""The catalogue of figures: each one function with its definition."""

from hostaway_message_db.insights.metrics import (
    copy_state,
    outcomes,
    platforms,
    sending,
    speed,
    tone,
    topics,
    volume,
    waiting,
)
from hostaway_message_db.insights.metrics.registry import (
    METRICS,
    Anchor,
    Figure,
    Metric,
    Unit,
    catalogue,
)

__all__ = [
    "METRICS",
    "Anchor",
    "Figure",
    "Metric",
    "Unit",
    "catalogue",
    "copy_state",
    "outcomes",
    "platforms",
    "sending",
    "speed",
    "tone",
    "topics",
    "volume",
    "waiting",
]
