"""Measure the enrichment's models: messages a second on one core, each step and all of them.

    python benchmarks/enrichment.py

Two kinds of traffic, in one process, on one thread:
guests    the held-out messages of training/, each once: nothing repeats;
account   every message of a simulated account, hosts' templates included: what repeats is
          remembered, what hosts write gets no sentiment.
"""

import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from hostaway_message_db.enrichment.cues import with_cues
from hostaway_message_db.enrichment.encoder import FastEncoder, SlowEncoder
from hostaway_message_db.enrichment.labeller import Labeller
from hostaway_message_db.enrichment.language import detect_language
from hostaway_message_db.enrichment.lexicon import Lexicon
from hostaway_message_db.enrichment.plain_text import to_plain_text
from hostaway_message_db.enrichment.word_slots import slots_of
from hostaway_message_db.simulator import RunningSimulator, WorldOptions

ROOT = Path(__file__).resolve().parent.parent
SLOW_SAMPLE = 200
ACCOUNT_CONVERSATIONS = 400
BATCH = 256
NEEDED = 300


def resident_megabytes() -> float:
    """Return the memory of this process as the kernel counts it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def guests_texts() -> list[str]:
    """Return messages that the heads were not trained on: of those they are less sure."""
    files = sorted((ROOT / "training").glob("held_out_*.txt"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return sorted({line.split("|", 4)[-1] for line in lines})


def accounts_texts() -> list[tuple[str, bool]]:
    """Return every message of a simulated account as plain text, and whether a guest wrote it."""
    with RunningSimulator(WorldOptions(conversation_count=ACCOUNT_CONVERSATIONS)) as simulator:
        rows = list(simulator.control.truth_messages())
    return [(to_plain_text(row["body"] or ""), bool(row["isIncoming"])) for row in rows]


def clock(name: str, work: Callable[[], object], count: int) -> float:
    """Do the work; print how many it did in a second of one core, return its seconds."""
    began = time.process_time()
    work()
    seconds = time.process_time() - began
    print(
        f"  {name:42} {count / seconds:12,.0f} messages/s   {1000 * seconds / count:8.3f} ms each"
    )
    return seconds


def measure_steps(texts: Sequence[str]) -> None:
    listed = list(texts)
    lexicon, fast, slow = Lexicon.load(), FastEncoder(), SlowEncoder()
    codes = [detect_language(text).code for text in listed]
    clock("language", lambda: [detect_language(text) for text in listed], len(listed))
    clock(
        "words of topics",
        lambda: [lexicon.find(t, c) for t, c in zip(listed, codes, strict=True)],
        len(listed),
    )
    clock("words for the heads", lambda: [slots_of(text) for text in listed], len(listed))
    hits = [lexicon.find(t, c) for t, c in zip(listed, codes, strict=True)]
    vectors = fast.encode(listed)
    clock("fast encoder", lambda: fast.encode(listed), len(listed))
    clock("cues", lambda: with_cues(listed, vectors, hits), len(listed))
    some = listed[:: max(1, len(listed) // SLOW_SAMPLE)]
    clock("slow encoder, if it were asked", lambda: slow.encode(some), len(some))


def measure_whole(name: str, messages: Sequence[tuple[str, bool]], labeller: Labeller) -> None:
    """Label as the enrichment does, language included, in its batches."""

    def work() -> None:
        for start in range(0, len(messages), BATCH):
            batch = messages[start : start + BATCH]
            labeller.label([text for text, _ in batch], by_guests=[guest for _, guest in batch])

    seconds = clock(name, work, len(messages))
    rate = len(messages) / seconds
    print(f"  {'':42} {'enough' if rate >= NEEDED else 'TOO SLOW'}: {NEEDED} are asked for")


def main() -> None:
    """Print the machine, the memory, the steps and the totals."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {platform.machine()}, one core, load {load:.1f}")
    texts = guests_texts()
    account = accounts_texts()
    before = resident_megabytes()
    labeller = Labeller.load()
    labeller.label(["Good, but the wifi was down and the room was cold?"])
    measure_whole("all, guests' messages, none twice", [(t, True) for t in texts], labeller)
    print(f"  {labeller.slow_share:.1%} of them were put to the slow encoder")
    print(f"  memory of all models {resident_megabytes() - before:.0f} MB")
    distinct = len(set(account))
    print(f"a simulated account: {len(account):,} messages, {distinct:,} of them distinct")
    measure_whole("all, an account's messages", account, Labeller.load())
    print("each step")
    measure_steps(texts)


if __name__ == "__main__":
    main()
