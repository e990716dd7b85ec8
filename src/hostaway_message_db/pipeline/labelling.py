"""Label what is stored: language by conversation, sentiment, topics, vectors, in small batches.

Runs after the load, and goes on where it stopped: a message waits until it bears the version of
the models. What a message bears depends on its text and its conversation alone, not on the order
in which messages came or were labelled.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hostaway_message_db.enrichment.conversation_language import conversation_language
from hostaway_message_db.enrichment.language import Language, detect_language
from hostaway_message_db.errors import ModelsMissing
from hostaway_message_db.ports import (
    Attitude,
    Audience,
    LabelStore,
    MessageLabels,
    ProgressNumbers,
    StoredText,
    TextLabeller,
    TextLabels,
    TextVector,
)
from hostaway_message_db.utils.cancellation import raise_if_cancelled
from hostaway_message_db.utils.clock import Clock
from hostaway_message_db.utils.logger import get_logger

log = get_logger(__name__)

BATCH_SIZE = 128


@dataclass(slots=True)
class LabellingReport:
    """What a labelling did."""

    version: str | None = None
    labelled: int = 0
    left: int = 0
    seconds: float = 0.0
    reason: str = ""
    """Why nothing was labelled, if that has a reason."""

    def to_json(self) -> dict[str, Any]:
        """Return the figures by name."""
        return {
            "version": self.version,
            "labelled": self.labelled,
            "left": self.left,
            "duration_seconds": round(self.seconds, 3),
            "reason": self.reason,
        }


async def label_batch(
    store: LabelStore, labeller: TextLabeller, texts: Sequence[StoredText], now: datetime
) -> int:
    """Label these messages; return how many, without those that changed meanwhile."""
    told = [_own_language(text) for text in texts]
    news = [_with_language(t, own) for t, own in zip(texts, told, strict=True) if _is_news(t, own)]
    await store.write_language(news)
    threads = {text.conversation_id for text in texts}
    spoken = await _spoken(store, threads)
    # Before the labels: whoever is stopped in between finds all that waits by it again.
    await store.let_wait(spoken)
    languages = [
        _with_language(text, own, spoken[text.conversation_id])
        for text, own in zip(texts, told, strict=True)
    ]
    read = await _read(labeller, texts, languages)
    await _keep_vectors(store, labeller.vector_model, read, now)
    labels = [
        _with_labels(text, language, read.get(text.message_id))
        for text, language in zip(texts, languages, strict=True)
    ]
    missed = await store.write(labels, labeller.version)
    # A text that was erased or edited meanwhile must not leave its vector behind.
    gone = {text.text_hash for text in texts if text.message_id in missed and text.text_hash}
    await store.drop_unused_vectors(gone)
    # Once more: another labelling may have found other languages meanwhile.
    await store.let_wait(await _spoken(store, threads))
    return len(texts) - len(missed)


async def _spoken(store: LabelStore, threads: Collection[str]) -> dict[str, str | None]:
    """Return the language of each of these conversations."""
    votes = await store.votes(threads)
    return {thread: conversation_language(votes.get(thread, {})) for thread in threads}


async def _read(
    labeller: TextLabeller, texts: Sequence[StoredText], languages: Sequence[MessageLabels]
) -> dict[str, tuple[str, TextLabels]]:
    """Let the models read the texts that hold something; by message, with the text's hash."""
    full = [
        (text, text.text_hash, label.language)
        for text, label in zip(texts, languages, strict=True)
        if text.text_hash
    ]
    if not full:
        return {}
    labels = await asyncio.to_thread(
        labeller.label,
        [text.text for text, _, _ in full],
        [language for *_, language in full],
        [text.is_of_guest for text, _, _ in full],
    )
    return {
        text.message_id: (text_hash, label)
        for (text, text_hash, _), label in zip(full, labels, strict=True)
    }


async def _keep_vectors(
    store: LabelStore, model: str, read: Mapping[str, tuple[str, TextLabels]], now: datetime
) -> None:
    """Store the vector of each text, once for all messages that say the same."""
    by_hash = dict(read.values())
    known = await store.known_vectors(by_hash.keys(), model)
    new = {text_hash: labels for text_hash, labels in by_hash.items() if text_hash not in known}
    vectors = [TextVector(h, model, x.vector.tobytes()) for h, x in new.items()]
    await store.put_vectors(vectors, now)


async def run_labelling(
    store: LabelStore,
    load_labeller: Callable[[], TextLabeller],
    clock: Clock,
    audience: Audience,
    *,
    is_all: bool = False,
    max_seconds: float | None = None,
    report: LabellingReport | None = None,
) -> LabellingReport:
    """Label every message that waits, newest first, in at most so many seconds.

    The models are loaded once, in a thread, as they are used: neither a lease nor a signal waits
    for them. Stopped at any moment, what is labelled stays, and the next labelling goes on.
    A `report` that is handed in is true after every batch: whoever is stopped can still tell.
    Raises `ModelsMissing` without the extra `nlp`, and `DatabaseError`.
    """
    started = clock.monotonic()
    labeller = await asyncio.to_thread(load_labeller)
    report = report or LabellingReport()
    report.version = labeller.version
    if is_all:
        await store.let_all_wait()
    waiting = await store.count_waiting(labeller.version)
    report.left = waiting
    progress = ProgressNumbers(step="labels", conversations_total=waiting)
    while texts := await store.waiting(labeller.version, BATCH_SIZE):
        raise_if_cancelled()
        done = await label_batch(store, labeller, texts, clock.now())
        report.labelled += done
        report.left = max(waiting - report.labelled, 0)
        progress.conversations_done = min(report.labelled, waiting)
        audience.show(progress)
        report.seconds = clock.monotonic() - started
        if not done or (max_seconds is not None and report.seconds >= max_seconds):
            break
    report.seconds = clock.monotonic() - started
    report.left = await store.count_waiting(labeller.version)
    log.info("labelled", **report.to_json())
    return report


async def label_after_sync(
    store: LabelStore,
    load_labeller: Callable[[], TextLabeller],
    clock: Clock,
    audience: Audience,
    max_seconds: float | None,
    report: LabellingReport,
) -> None:
    """Label what is new, in at most so long; the models are loaded only for something to read.

    Without models the report says so, and the sync is as good as before.
    """
    report.left = await store.count_waiting()
    if not report.left:
        report.reason = "no new message waits for labels"
    elif max_seconds is not None and max_seconds <= 0:
        report.reason = "the time was up before the labels"
    else:
        try:
            await run_labelling(
                store, load_labeller, clock, audience, max_seconds=max_seconds, report=report
            )
        except ModelsMissing as error:
            report.reason = f"{error.message} {error.hint}"


def _own_language(text: StoredText) -> Language | None:
    """Return the language that the text tells by itself, if it does."""
    language = detect_language(text.text) if text.text_hash else None
    return language if language and language.is_reliable and language.code else None


def _is_news(text: StoredText, told: Language | None) -> bool:
    """Tell whether the text's own language is not what is stored of it."""
    stored = text.language if text.language_basis == "text" else None
    return stored != (told.code if told else None)


def _with_language(
    text: StoredText, told: Language | None, spoken: str | None = None
) -> MessageLabels:
    """Return a message's labels as far as they are its language: its own, else the spoken one."""
    language = told.code if told else spoken
    if text.text_hash is None:
        language = None
    return MessageLabels(
        message_id=text.message_id,
        conversation_id=text.conversation_id,
        updated_at=text.updated_at,
        language=language,
        language_confidence=told.confidence if told else None,
        language_basis=("text" if told else "conversation") if language else None,
        sentiment=None,
        topics=(),
    )


def _with_labels(
    text: StoredText, labels: MessageLabels, read: tuple[str, TextLabels] | None
) -> MessageLabels:
    """Add what the models say; only a guest's attitude counts."""
    if read is None:
        return labels
    attitude = read[1].sentiment if text.is_of_guest else None
    return replace(
        labels,
        sentiment=_written(attitude) if attitude else None,
        topics=tuple(sorted(read[1].topics)),
    )


def _written(attitude: Attitude) -> dict[str, Any]:
    return {"label": attitude.label, "score": attitude.score, "alert": attitude.alert}
