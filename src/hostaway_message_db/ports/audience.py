"""Who watches a run."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True)
class ProgressNumbers:
    """How far a run is."""

    step: str = ""
    conversations_total: int = 0
    conversations_done: int = 0
    messages: int = 0
    requests: int = 0
    extra: dict[str, int] = field(default_factory=dict)


class Audience(Protocol):
    """Who watches a run: a progress bar, a log, or nobody."""

    def show(self, progress: ProgressNumbers) -> None:
        """Take note of how far the run is; must return at once."""
        ...
