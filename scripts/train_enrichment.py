"""Train the heads of sentiment and topics, and write them as numbers.

Reads the seed messages in training/seeds/, encodes them with the shipped encoders, and writes
src/hostaway_message_db/enrichment/data/heads.npz: the same numbers on every run on a machine.
Prints what cross-validation over the seeds finds. Run it with `make train`; takes twenty
minutes, most of them for the slow encoder.
"""

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, precision_score, recall_score
from threadpoolctl import threadpool_limits

from hostaway_message_db.enrichment.cues import TOPICS, with_cues
from hostaway_message_db.enrichment.encoder import FastEncoder, SlowEncoder
from hostaway_message_db.enrichment.heads import Head, WordHead, array_name, logistic, softmax
from hostaway_message_db.enrichment.language import detect_language
from hostaway_message_db.enrichment.lexicon import Lexicon
from hostaway_message_db.enrichment.sentiment import ATTITUDES, margins, weigh_shares
from hostaway_message_db.enrichment.topics import likeliest, likely, weigh_chances
from hostaway_message_db.enrichment.word_slots import SLOTS, Slots, slots_of

ROOT: Final = Path(__file__).resolve().parent.parent
SEEDS: Final = ROOT / "training" / "seeds"
TARGET: Final = ROOT / "src" / "hostaway_message_db" / "enrichment" / "data" / "heads.npz"

FOLDS: Final = 5
UNSURE_SHARE: Final = 0.07
"""Share of the seeds, left out of training, that the slow encoder is asked about; of messages
as they come it is about half."""
THRESHOLDS: Final = tuple(round(0.1 + 0.05 * step, 2) for step in range(8))

HIDDEN: Final = 128
NETWORKS: Final = 4
BATCH: Final = 128
RATE: Final = 0.002
FAST_EPOCHS: Final = 15
SLOW_EPOCHS: Final = 10
TOPIC_EPOCHS: Final = 10
DECAY: Final = 3e-4
TOPIC_DECAY: Final = 3e-5
SENTIMENT_WORDS_LOOSENESS: Final = 10
TOPIC_WORDS_LOOSENESS: Final = 30

CUE_WEIGHT: Final = 0.3
"""How much a cue counts beside a vector's numbers for sentiment, before any training;"""
SLOW_WEIGHT: Final = 10.0
"""how much the slow vectors' numbers, which all lie close together;"""
TOPIC_VECTOR_WEIGHT: Final = 2.0
"""and how much a vector's numbers beside a cue for topics."""

WORD: Final = re.compile(r"\w+")
LABELS: Final = dict(zip(("neg", "neu", "pos"), ATTITUDES, strict=True))
Array = NDArray[Any]


@dataclass(frozen=True)
class Seeds:
    """What is known of the seed messages, and what the models see of them.

    `sentiments` and `topics` have a column for each label, 1 where it holds. `rows` are seen the
    fast way, `bare` the same without capitals and punctuation, `slow` the slow way; `words` has a
    column for each slot; `lengths` are in characters.
    """

    sentiments: Array
    topics: Array
    rows: Array
    bare: Array
    slow: Array
    words: csr_matrix
    lengths: Array
    folds: Array

    def where(self, chosen: Array) -> "Seeds":
        """Return some of the seeds."""
        return Seeds(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @property
    def labels(self) -> Array:
        """Return the number of each seed's sentiment."""
        return np.asarray(self.sentiments.argmax(axis=1))


@dataclass(frozen=True)
class Heads:
    """All heads, trained on the same seeds; the names are those in the file."""

    sentiment_fast: Head
    sentiment_slow: Head
    sentiment_words: WordHead
    topics: Head
    topics_words: WordHead

    def fast_shares(self, seeds: Seeds) -> Array:
        """Return how likely each sentiment is without the slow encoder."""
        return weigh_shares(softmax(self.sentiment_fast.apply(seeds.rows)), self._by_words(seeds))

    def slow_shares(self, seeds: Seeds) -> Array:
        """Return how likely each sentiment is with it."""
        both = np.hstack([seeds.rows, seeds.slow])
        return weigh_shares(softmax(self.sentiment_slow.apply(both)), self._by_words(seeds))

    def topic_chances(self, seeds: Seeds) -> Array:
        """Return how likely each topic is."""
        by_words = self.topics_words.apply(slots_in(seeds.words))
        return weigh_chances(self.topics.apply(seeds.rows), by_words)

    def _by_words(self, seeds: Seeds) -> Array:
        return softmax(self.sentiment_words.apply(slots_in(seeds.words)))


def read_seeds() -> Seeds:
    """Read the seed messages, always in one order, and let encoders and words see them."""
    sentiments: list[list[bool]] = []
    topics: list[list[bool]] = []
    texts: list[str] = []
    for file in sorted(SEEDS.glob("*.txt")):
        for line in file.read_text(encoding="utf-8").splitlines():
            label, _kind, about, text = line.split("|", 3)
            listed = about.split(",")
            if unknown := set(listed) - set(TOPICS):
                sys.exit(f"{file.name}: {unknown} is no topic: {line}")
            sentiments.append([attitude == LABELS[label] for attitude in ATTITUDES])
            topics.append([topic in listed for topic in TOPICS])
            texts.append(text)
    print(f"{len(texts):,} seed messages")
    return Seeds(
        np.array(sentiments, np.float32),
        np.array(topics, np.float32),
        rows_of(texts),
        rows_of([" ".join(WORD.findall(text.casefold())) for text in texts]),
        SlowEncoder().encode(texts),
        words_in([slots_of(text) for text in texts]),
        np.array([len(text) for text in texts]),
        np.random.RandomState(0).randint(0, FOLDS, len(texts)),
    )


def rows_of(texts: list[str]) -> Array:
    """Return what the fast head sees of texts."""
    lexicon = Lexicon.load()
    hits = [lexicon.find(text, detect_language(text).code) for text in texts]
    return with_cues(texts, FastEncoder().encode(texts), hits)


def words_in(slots: Sequence[Slots]) -> csr_matrix:
    """Return a matrix that gives, times a word head's weights, what the head says."""
    lengths = np.array([len(some) for some in slots])
    values = np.repeat(1 / np.sqrt(np.maximum(1, lengths)), lengths).astype(np.float32)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    return csr_matrix((values, np.concatenate(slots), ends), (len(slots), SLOTS))


def slots_in(words: csr_matrix) -> list[Slots]:
    """Return the slots of each row."""
    return [words.indices[start:end].astype(np.intp) for start, end in pairwise(words.indptr)]


def train(seeds: Seeds) -> Heads:
    """Fit every head to the seeds."""
    return Heads(
        train_fast(seeds),
        train_slow(seeds),
        train_sentiment_words(seeds),
        train_topics(seeds),
        train_topic_words(seeds),
    )


def train_fast(seeds: Seeds) -> Head:
    """Fit the head over fast vectors."""
    scale = np.ones(seeds.rows.shape[1])
    scale[FastEncoder.dimension :] = CUE_WEIGHT
    rows = np.vstack([seeds.rows, seeds.bare])
    material = sentiment_material(seeds, rows * scale, FAST_EPOCHS)
    return join([train_network(material, number) for number in range(NETWORKS)], scale)


def train_slow(seeds: Seeds) -> Head:
    """Fit the head over fast and slow vectors together."""
    width = seeds.rows.shape[1]
    scale = np.full(width + SlowEncoder.dimension, SLOW_WEIGHT)
    scale[:width] = 1
    scale[FastEncoder.dimension : width] = CUE_WEIGHT
    middle = np.zeros(len(scale))
    middle[width:] = seeds.slow.mean(axis=0)
    seen = [np.hstack([rows, seeds.slow]) for rows in (seeds.rows, seeds.bare)]
    material = sentiment_material(seeds, (np.vstack(seen) - middle) * scale, SLOW_EPOCHS)
    return join([train_network(material, number) for number in range(NETWORKS)], scale, middle)


def train_topics(seeds: Seeds) -> Head:
    """Fit one answer a topic."""
    scale = np.ones(seeds.rows.shape[1])
    scale[: FastEncoder.dimension] = TOPIC_VECTOR_WEIGHT
    counts = np.ones((len(seeds.rows), 1))
    material = Material(
        seeds.rows * scale, seeds.topics, counts, logistic, TOPIC_EPOCHS, TOPIC_DECAY
    )
    return join([train_network(material, number) for number in range(NETWORKS)], scale)


def train_sentiment_words(seeds: Seeds) -> WordHead:
    """Fit weights of words, each sentiment counting the same."""
    model = LogisticRegression(
        C=SENTIMENT_WORDS_LOOSENESS, class_weight="balanced", max_iter=1000
    ).fit(seeds.words, seeds.labels)
    return WordHead(half(model.coef_.T), model.intercept_.astype(np.float32))


def train_topic_words(seeds: Seeds) -> WordHead:
    """Fit weights of words, one answer a topic."""
    models = [
        LogisticRegression(C=TOPIC_WORDS_LOOSENESS, solver="liblinear").fit(seeds.words, answer)
        for answer in seeds.topics.T
    ]
    bias = np.concatenate([model.intercept_ for model in models])
    return WordHead(half(np.vstack([m.coef_ for m in models]).T), bias.astype(np.float32))


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
    decay: float


def sentiment_material(seeds: Seeds, rows: Array, epochs: int) -> Material:
    """Pair rows, of the seeds and of the bare seeds, with the seeds' sentiments.

    Each sentiment counts the same, however many seeds have it.
    """
    rarity = seeds.sentiments @ (1 / seeds.sentiments.mean(axis=0) / len(ATTITUDES))
    return Material(
        rows,
        np.vstack([seeds.sentiments] * 2),
        np.concatenate([rarity] * 2)[:, None],
        softmax,
        epochs,
        DECAY,
    )


def train_network(material: Material, number: int) -> list[Array]:
    """Fit one hidden layer by Adam; return weights and biases."""
    dice = np.random.RandomState(number)
    rows, answers, counts = (
        array.astype(np.float32) for array in (material.rows, material.answers, material.counts)
    )
    values: list[Array] = []
    for width, height in pairwise((rows.shape[1], HIDDEN, answers.shape[1])):
        spread = np.sqrt(6 / (width + height))
        values += [dice.uniform(-spread, spread, (width, height)), np.zeros(height)]
    values = [value.astype(np.float32) for value in values]
    means = [np.zeros_like(value) for value in values]
    squares = [np.zeros_like(value) for value in values]
    step = 0
    for _ in range(material.epochs):
        order = dice.permutation(len(rows))
        for start in range(0, len(order), BATCH):
            step += 1
            some = order[start : start + BATCH]
            found = slopes(values, rows[some], answers[some], counts[some], material)
            for index, slope in enumerate(found):
                means[index] += 0.1 * (slope - means[index])
                squares[index] += 0.001 * (slope**2 - squares[index])
                rate = RATE * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
                values[index] -= rate * means[index] / (np.sqrt(squares[index]) + 1e-8)
    return values


def slopes(
    values: list[Array], rows: Array, answers: Array, counts: Array, material: Material
) -> list[Array]:
    """Return how the error changes with each weight and bias."""
    first, first_bias, second, second_bias = values
    hidden = np.maximum(rows @ first + first_bias, 0)
    shares = material.squash(hidden @ second + second_bias)
    wrong = (shares - answers) * counts / len(rows)
    back = (wrong @ second.T) * (hidden > 0)
    return [
        rows.T @ back + material.decay * first,
        back.sum(axis=0),
        hidden.T @ wrong + material.decay * second,
        wrong.sum(axis=0),
    ]


def join(networks: list[list[Array]], scale: Array, middle: Array | None = None) -> Head:
    """Make one network of several: their hidden layers side by side, their answers' mean.

    The scale that rows were given in training, and the middle they were moved by, become part of
    the first layer.
    """
    first, first_bias, second, second_bias = zip(*networks, strict=True)
    weights = half(np.hstack(first) * scale[:, None])
    bias = np.concatenate(first_bias)
    if middle is not None:
        bias = bias - middle @ weights
    last = half(np.vstack(second) / len(networks))
    last_bias = np.mean(second_bias, axis=0)
    return Head(((weights, bias.astype(np.float32)), (last, last_bias.astype(np.float32))))


def half(values: Array) -> Array:
    """Round weights to what the file keeps."""
    return values.astype(np.float16).astype(np.float32)


def cross_validate(seeds: Seeds) -> tuple[Array, Array, Array]:
    """Return fast and slow shares, and topic chances, of seeds that no training had seen."""
    fast = np.zeros_like(seeds.sentiments)
    slow, chances = np.zeros_like(fast), np.zeros_like(seeds.topics)
    for fold in range(FOLDS):
        out = seeds.folds == fold
        heads = train(seeds.where(~out))
        left = seeds.where(out)
        fast[out], slow[out] = heads.fast_shares(left), heads.slow_shares(left)
        chances[out] = heads.topic_chances(left)
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
    found = shares.argmax(axis=1)
    print(
        f"sentiment, {name:10} macro-F1 {f1_score(labels, found, average='macro'):.3f}"
        f"  negative recall {recall_score(labels, found, labels=[0], average=None)[0]:.3f}"
        f"  precision {precision_score(labels, found, labels=[0], average=None)[0]:.3f}"
    )


def write(heads: Heads, unsure_below: float, threshold: float) -> None:
    """Write all numbers, weights in half the bits."""
    arrays: dict[str, Array] = {
        "unsure_below": np.array(unsure_below),
        "threshold": np.array(threshold),
    }
    for field in fields(heads):
        head = getattr(heads, field.name)
        layers = head.layers if isinstance(head, Head) else [(head.weights, head.bias)]
        for number, (weights, bias) in enumerate(layers):
            arrays[array_name(field.name, number, "weights")] = weights.astype(np.float16)
            arrays[array_name(field.name, number, "bias")] = bias
    np.savez_compressed(TARGET, allow_pickle=False, **arrays)


def main() -> None:
    """Cross-validate, train on everything, write."""
    seeds = read_seeds()
    fast, slow, chances = cross_validate(seeds)
    ahead = margins(fast, seeds.lengths)
    unsure_below = round(float(np.quantile(ahead, UNSURE_SHARE)), 2)
    cascade = np.where((ahead < unsure_below)[:, None], slow, fast)
    for name, shares in (("fast", fast), ("slow", slow), ("cascade", cascade)):
        report(name, seeds.labels, shares)
    scores = {t: f1_score(seeds.topics, told(chances, t), average="micro") for t in THRESHOLDS}
    threshold = max(scores, key=lambda t: scores[t])
    print(f"topics, threshold {threshold}  micro-F1 {scores[threshold]:.3f}")
    write(train(seeds), unsure_below, threshold)
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    with threadpool_limits(limits=1):  # one thread adds up in one order
        main()
