"""What the heads see of a text besides its vector: topics told by words, and its shape."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from hostaway_message_db.enrichment.heads import Numbers
from hostaway_message_db.enrichment.lexicon import Hits

TOPICS: Final = (
    "access", "accessibility", "appliances", "beds", "booking_change", "checkin", "checkout",
    "cleanliness", "climate", "communication", "early_late", "greeting_thanks",
    "listing_mismatch", "location", "lost_item", "luggage", "noise", "parking", "payment",
    "pests", "pets", "platform", "pool_outdoor", "recommendations", "refund_cancel",
    "registration", "rules", "safety_damage", "supplies", "transport", "water", "wifi", "other",
)  # fmt: skip
"""The topics that are shipped, in the order of the heads' numbers."""

_QUESTION_MARKS: Final = frozenset("?\uff1f\u061f;\u037e")
_EXCLAMATION_MARKS: Final = frozenset("!\uff01")
_WARM_SIGNS: Final = frozenset("❤😍🥰😊💛⭐😋👍🙏💕🤗😘✨🌟")
_ANGRY_SIGNS: Final = frozenset("😡😠🤬👎🤮😤🤢💩")
_MOST_CHARACTERS: Final = 1000
_LONG: Final = 200
_SHORT: Final = 25


def with_cues(texts: Sequence[str], vectors: Numbers, hits: Sequence[Hits]) -> Numbers:
    """Return the vectors with a column for each topic's words and for each mark of shape."""
    told = [[topic in found.topics for topic in TOPICS] for found in hits]
    shapes = [_shape_of(text) for text in texts]
    return np.hstack([vectors, np.array(told, np.float32), np.array(shapes, np.float32)])


def _shape_of(text: str) -> tuple[float, ...]:
    signs = frozenset(text[:_MOST_CHARACTERS])
    return (
        bool(signs & _QUESTION_MARKS),
        bool(signs & _EXCLAMATION_MARKS),
        bool(signs & _WARM_SIGNS),
        bool(signs & _ANGRY_SIGNS),
        min(len(text), _LONG) / _LONG,
        len(text) < _SHORT,
    )
