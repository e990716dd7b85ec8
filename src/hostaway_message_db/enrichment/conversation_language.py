"""The language of a conversation, for messages that do not tell their own."""

from collections.abc import Mapping


def conversation_language(votes: Mapping[str, tuple[int, int]]) -> str | None:
    """Return the language that most messages are in: the guest's count before all.

    `votes` holds for each language how many messages of the guest, and how many of all, tell it
    by themselves. The same votes give the same answer in any order; null without any.
    """
    return min(votes, key=lambda code: (-votes[code][0], -votes[code][1], code), default=None)
