"""Train the heads of sentiment and topics, and write them as numbers.

Reads the seed messages in training/seeds/, encodes them with the shipped encoders, and writes
src/hostaway_message_db/enrichment/data/heads.json: the same digits on every run on a machine.
Prints what cross-validation over the seeds finds. Run it with `make train`; takes minutes.
"""

# ruff: noqa: RUF001 - the punctuation of other scripts

import hashlib
import json
import random
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, precision_score, recall_score
from threadpoolctl import threadpool_limits

from hostaway_message_db.enrichment.cues import TOPICS, with_cues
from hostaway_message_db.enrichment.encoder import FastEncoder, SlowEncoder
from hostaway_message_db.enrichment.heads import Head, logistic, softmax
from hostaway_message_db.enrichment.language import detect_language
from hostaway_message_db.enrichment.lexicon import Lexicon
from hostaway_message_db.enrichment.sentiment import ATTITUDES
from hostaway_message_db.enrichment.topics import likeliest, likely

ROOT: Final = Path(__file__).resolve().parent.parent
SEEDS: Final = ROOT / "training" / "seeds"
TARGET: Final = ROOT / "src" / "hostaway_message_db" / "enrichment" / "data" / "heads.json"

FOLDS: Final = 5
COMPOSITIONS: Final = 5000
"""Messages made of pieces of seeds, for the fast head to learn from the slow one."""
PARTS_OF_A_COMPOSITION: Final = (1, 2, 2, 2, 3)
MOST_CHARACTERS_OF_A_COMPOSITION: Final = 200
HIDDEN: Final = 128
NETWORKS: Final = 6
SLOW_SHARE: Final = 0.65
"""How much the slow head counts where both are asked."""
UNSURE_SHARE: Final = 0.05
"""Share of the seeds, left out of training, that the slow encoder is asked about."""
DIGITS: Final = 4
EPOCHS: Final = 30
TOPIC_NETWORKS: Final = 3
TOPIC_EPOCHS: Final = 15
BATCH: Final = 128
RATE: Final = 0.002
DECAY: Final = 3e-5
THRESHOLDS: Final = tuple(round(0.3 + 0.05 * step, 2) for step in range(8))

WORD: Final = re.compile(r"\w+")
PIECE: Final = re.compile(r"(?<=[.!?。!?…;])\s*|,\s+|，|、|\n+| - ")
LABELS: Final = dict(zip(("neg", "neu", "pos"), ATTITUDES, strict=True))
Array = NDArray[Any]


CUE_WEIGHT: Final = 0.3
"""How much a cue counts beside a vector's numbers for sentiment, before any training ..."""
VECTOR_WEIGHT: Final = 2.0
"""... and a vector's numbers beside a cue for topics."""

Seed = tuple[str, str, list[str], str]
"""Language, sentiment, topics, text."""


@dataclass(frozen=True)
class Corpus:
    """What the models see of texts, and their fold.

    `rows` the fast way, `bare` without capitals and punctuation, `slow` the slow way.
    """

    rows: Array
    bare: Array
    slow: Array
    folds: Array

    def where(self, chosen: Array) -> "Corpus":
        """Return some of the rows."""
        return Corpus(self.rows[chosen], self.bare[chosen], self.slow[chosen], self.folds[chosen])


@dataclass(frozen=True)
class Material:
    """What a network learns: an answer in shares for each row, and how much each row counts.

    `squash` makes shares of its last layer's values.
    """

    rows: Array
    answers: Array
    counts: Array
    squash: Callable[[Array], Array]
    epochs: int

    def where(self, chosen: Array) -> "Material":
        """Return some of the rows."""
        return replace(
            self,
            rows=self.rows[chosen],
            answers=self.answers[chosen],
            counts=self.counts[chosen],
        )


def read_seeds() -> list[Seed]:
    """Return the seed messages, always in one order."""
    seeds: list[Seed] = []
    for file in sorted(SEEDS.glob("*.txt")):
        for line in file.read_text(encoding="utf-8").splitlines():
            label, _kind, topics, text = line.split("|", 3)
            listed = topics.split(",")
            if unknown := set(listed) - set(TOPICS):
                sys.exit(f"{file.name}: {unknown} is no topic: {line}")
            seeds.append((file.stem, LABELS[label], listed, text))
    return seeds


def compose(seeds: list[Seed], folds: Array) -> tuple[list[str], Array]:
    """Put pieces of seeds of one language and fold together, always the same way."""
    dice = random.Random(20260701)  # noqa: S311 - repeatable on purpose
    pools: dict[tuple[str, int], list[str]] = defaultdict(list)
    for (language, _, _, text), fold in zip(seeds, folds, strict=True):
        pieces = [p.strip() for p in PIECE.split(text) if p and len(p.strip()) > 2]  # noqa: PLR2004
        pools[language, int(fold)] += pieces
    choices = [key for key, pieces in pools.items() for _ in pieces]
    texts: list[str] = []
    chosen: list[int] = []
    while len(texts) < COMPOSITIONS:
        key = dice.choice(choices)
        count = min(dice.choice(PARTS_OF_A_COMPOSITION), len(pools[key]))
        parts = dice.sample(pools[key], count)
        joint = dice.choice("，。") if key[0] in ("zh", "ja") else dice.choice((", ", ". ", " "))
        bare = [p.rstrip(".,!") if dice.random() < 0.5 else p for p in parts]  # noqa: PLR2004
        texts.append(joint.join(bare)[:MOST_CHARACTERS_OF_A_COMPOSITION])
        chosen.append(key[1])
    return texts, np.array(chosen)


def encode(texts: list[str], folds: Array) -> Corpus:
    """Let the shipped encoders and words see texts as they do when labelling."""
    bare = [" ".join(WORD.findall(text.casefold())) for text in texts]
    return Corpus(rows_of(texts), rows_of(bare), SlowEncoder().encode(texts), folds)


def rows_of(texts: list[str]) -> Array:
    """Return what the fast head sees of texts."""
    lexicon = Lexicon.load()
    hits = [lexicon.find(text, detect_language(text).code) for text in texts]
    return with_cues(texts, FastEncoder().encode(texts), hits)


def train_slow(seeds: Corpus, labels: Array) -> Head:
    """Fit the head over slow vectors to the seeds."""
    model = LogisticRegression(C=30, class_weight="balanced", max_iter=5000, tol=1e-8)
    model.fit(seeds.slow, labels)
    return head_of((model.coef_.T, model.intercept_))


def train_fast(seeds: Corpus, labels: Array, compositions: Corpus, slow: Head) -> Head:
    """Fit the head over fast vectors to the seeds, and to what the slow head says of more."""
    scale = np.ones(seeds.rows.shape[1])
    scale[FastEncoder.dimension :] = CUE_WEIGHT
    plain = LogisticRegression(C=3, class_weight="balanced", max_iter=5000, tol=1e-8)
    plain.fit(seeds.rows[:, : FastEncoder.dimension], labels)
    taught = SLOW_SHARE * softmax(slow.apply(compositions.slow)) + (
        1 - SLOW_SHARE
    ) * plain.predict_proba(compositions.rows[:, : FastEncoder.dimension])
    wanted = np.vstack([np.array(ATTITUDES) == label for label in labels]).astype(np.float32)
    rows = np.vstack([seeds.rows, seeds.rows, seeds.bare, compositions.rows]) * scale
    answers = np.vstack([wanted, wanted, wanted, taught])
    # Each label counts the same, however many seeds it has.
    rarity = (wanted / wanted.mean(axis=0) / len(ATTITUDES)).sum(axis=1)
    counts = np.concatenate([rarity, rarity, rarity, np.ones(len(taught))])[:, None]
    material = Material(
        rows.astype(np.float32),
        answers.astype(np.float32),
        counts.astype(np.float32),
        softmax,
        EPOCHS,
    )
    return join([train_network(material, number) for number in range(NETWORKS)], scale)


def train_network(material: Material, number: int) -> list[Array]:
    """Fit one hidden layer by Adam; return weights and biases."""
    dice = np.random.RandomState(number)
    sizes = (material.rows.shape[1], HIDDEN, material.answers.shape[1])
    values: list[Array] = []
    for width, height in pairwise(sizes):
        spread = np.sqrt(6 / (width + height))
        values += [dice.uniform(-spread, spread, (width, height)), np.zeros(height)]
    values = [value.astype(np.float32) for value in values]
    means = [np.zeros_like(value) for value in values]
    squares = [np.zeros_like(value) for value in values]
    step = 0
    for _ in range(material.epochs):
        order = dice.permutation(len(material.rows))
        for start in range(0, len(order), BATCH):
            step += 1
            batch = material.where(order[start : start + BATCH])
            for index, slope in enumerate(slopes(values, batch)):
                means[index] += 0.1 * (slope - means[index])
                squares[index] += 0.001 * (slope**2 - squares[index])
                rate = RATE * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
                values[index] -= rate * means[index] / (np.sqrt(squares[index]) + 1e-8)
    return values


def slopes(values: list[Array], batch: Material) -> list[Array]:
    """Return how the error changes with each weight and bias."""
    rows = batch.rows
    first, first_bias, second, second_bias = values
    hidden = np.maximum(rows @ first + first_bias, 0)
    shares = batch.squash(hidden @ second + second_bias)
    wrong = (shares - batch.answers) * batch.counts / len(rows)
    back = (wrong @ second.T) * (hidden > 0)
    return [
        rows.T @ back + DECAY * first,
        back.sum(axis=0),
        hidden.T @ wrong + DECAY * second,
        wrong.sum(axis=0),
    ]


def join(networks: list[list[Array]], scale: Array) -> Head:
    """Make one network of several: their hidden layers side by side, their answers' mean."""
    first, first_bias, second, second_bias = zip(*networks, strict=True)
    return head_of(
        (np.hstack(first) * scale[:, None], np.concatenate(first_bias)),
        (np.vstack(second) / len(networks), np.mean(second_bias, axis=0)),
    )


def head_of(*layers: tuple[Array, Array]) -> Head:
    """Make a head whose numbers are rounded, as it will be shipped."""
    return Head(
        tuple(
            (np.round(w, DIGITS).astype(np.float32), np.round(b, DIGITS).astype(np.float32))
            for w, b in layers
        )
    )


def train_topics(seeds: Corpus, topics: Array) -> Head:
    """Fit one answer a topic to the seeds."""
    scale = np.ones(seeds.rows.shape[1])
    scale[: FastEncoder.dimension] = VECTOR_WEIGHT
    material = Material(
        (seeds.rows * scale).astype(np.float32),
        topics.astype(np.float32),
        np.ones((len(topics), 1), dtype=np.float32),
        logistic,
        TOPIC_EPOCHS,
    )
    return join([train_network(material, number) for number in range(TOPIC_NETWORKS)], scale)


def margins(shares: Array) -> Array:
    """Return how far the likeliest label is ahead."""
    ordered = np.sort(shares, axis=1)
    return np.asarray(ordered[:, -1] - ordered[:, -2])


def cross_validate(
    seeds: Corpus, labels: Array, topics: Array, compositions: Corpus
) -> tuple[Array, Array, Array]:
    """Return fast and slow shares, and topic chances, of seeds that no training had seen."""
    fast = np.zeros((len(labels), len(ATTITUDES)))
    slow, chances = np.zeros_like(fast), np.zeros(topics.shape)
    for fold in range(FOLDS):
        out, kept = seeds.folds == fold, seeds.folds != fold
        inside = seeds.where(kept)
        slow_head = train_slow(inside, labels[kept])
        pieces = compositions.where(compositions.folds != fold)
        fast_head = train_fast(inside, labels[kept], pieces, slow_head)
        fast[out] = softmax(fast_head.apply(seeds.rows[out]))
        slow[out] = softmax(slow_head.apply(seeds.slow[out]))
        chances[out] = logistic(train_topics(inside, topics[kept]).apply(seeds.rows[out]))
    return fast, slow, chances


def told(chances: Array, threshold: float) -> Array:
    """Return which topics the labeller tells of messages with these chances."""
    found = np.zeros(chances.shape, bool)
    for row, message in zip(found, chances, strict=True):
        names = likely(message, threshold) or [likeliest(message)]
        row[[TOPICS.index(name) for name in names]] = True
    return found


def report(name: str, labels: Array, shares: Array) -> None:
    """Print how well shares meet the labels."""
    found = np.array(ATTITUDES)[shares.argmax(axis=1)]
    print(
        f"{name:28} macro-F1 {f1_score(labels, found, average='macro'):.3f}"
        f"  negative recall {recall_score(labels, found, labels=['negative'], average=None)[0]:.3f}"
        f"  precision {precision_score(labels, found, labels=['negative'], average=None)[0]:.3f}"
    )


def report_recalls(labels: Array, shares: Array) -> None:
    """Print the share of each label that was found."""
    found = np.array(ATTITUDES)[shares.argmax(axis=1)]
    print("  recall:", *(f"{a} {np.mean(found[labels == a] == a):.3f}" for a in ATTITUDES))


def written(head: Head) -> list[dict[str, Any]]:
    """Return a head as the JSON file has it."""
    return [
        {
            "weights": np.round(w.astype(float), DIGITS).tolist(),
            "bias": np.round(b.astype(float), DIGITS).tolist(),
        }
        for w, b in head.layers
    ]


def main() -> None:
    """Cross-validate, train on everything, write."""
    seeds = read_seeds()
    folds = np.random.RandomState(0).randint(0, FOLDS, len(seeds))
    corpus = encode([text for *_, text in seeds], folds)
    compositions = encode(*compose(seeds, folds))
    labels = np.array([label for _, label, _, _ in seeds])
    topics = np.array([[topic in listed for topic in TOPICS] for _, _, listed, _ in seeds])

    fast, slow, chances = cross_validate(corpus, labels, topics, compositions)
    unsure_below = round(float(np.quantile(margins(fast), UNSURE_SHARE)), DIGITS)
    both = (1 - SLOW_SHARE) * fast + SLOW_SHARE * slow
    cascade = np.where((margins(fast) < unsure_below)[:, None], both, fast)
    for name, shares in (("fast", fast), ("slow", slow), ("both", both), ("cascade", cascade)):
        report(f"sentiment, {name}", labels, shares)
    report_recalls(labels, cascade)
    scores = {t: f1_score(topics, told(chances, t), average="micro") for t in THRESHOLDS}
    threshold = max(scores, key=lambda t: scores[t])
    print(f"topics, threshold {threshold}      micro-F1 {scores[threshold]:.3f}")

    slow_head = train_slow(corpus, labels)
    fast_head = train_fast(corpus, labels, compositions, slow_head)
    heads: dict[str, Any] = {
        "encoders": [FastEncoder.name, SlowEncoder.name],
        "seed_count": len(seeds),
        "sentiment": {
            "slow_share": SLOW_SHARE,
            "unsure_below": unsure_below,
            "fast": written(fast_head),
            "slow": written(slow_head),
        },
        "topics": {"threshold": threshold, "layers": written(train_topics(corpus, topics))},
    }
    text = json.dumps(heads, separators=(",", ":"))
    digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    TARGET.write_text(json.dumps({"digest": digest, **heads}, separators=(",", ":")) + "\n")
    print(f"{TARGET.relative_to(ROOT)}: {digest}, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    with threadpool_limits(limits=1):  # one thread adds up in one order
        main()
