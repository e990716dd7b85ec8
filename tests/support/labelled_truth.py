"""What the store must hold once everything is labelled, worked out apart from the labelling."""

from collections import Counter
from collections.abc import Sequence

from hostaway_message_db.enrichment.labeller import Labeller
from hostaway_message_db.simulator import ControlClient
from support.truth import Document, Truth


class LabelledTruth(Truth):
    """The truth with the language of each conversation and the labels of each text."""

    def __init__(self, control: ControlClient, labeller: Labeller) -> None:
        super().__init__(control)
        self._labeller = labeller

    def collections(self) -> dict[str, dict[str, Document]]:
        """Return what each collection must hold, by identity."""
        every = super().collections()
        messages = list(every["messages"].values())
        spoken = {
            thread: spoken_in([m for m in messages if m["conversation_id"] == thread])
            for thread in {m["conversation_id"] for m in messages}
        }
        for message in messages:
            if message["content_hash"] and not message["language"]:
                message["language"] = spoken[message["conversation_id"]]
                message["language_basis"] = "conversation" if message["language"] else None
        texts = [m["content_core"] or m["content"] for m in messages]
        labels = self._labeller.label(texts, [m["language"] for m in messages])
        for message, label in zip(messages, labels, strict=True):
            message["enrichment_version"] = self._labeller.version
            if message["content_hash"] is None:
                continue
            message["topics"] = sorted(label.topics)
            told = label.sentiment
            if message["direction"] == "inbound" and told is not None:
                message["sentiment"] = {
                    "label": told.label, "score": told.score, "alert": told.alert,
                }  # fmt: skip
        return every


def spoken_in(messages: Sequence[Document]) -> str | None:
    """Return the language of a thread: most of the guest's, then most of all, then by name."""
    told = [m for m in messages if m["language"]]
    of_all = Counter(m["language"] for m in told)
    of_guest = Counter(m["language"] for m in told if m["direction"] == "inbound")
    ranked = sorted(of_all, key=lambda code: (-of_guest[code], -of_all[code], code))
    return ranked[0] if ranked else None
