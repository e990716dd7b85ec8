"""Words that tell topics: how they are folded, matched, and added to."""

# ruff: noqa: RUF001 - what people write is full of look-alikes

from importlib.resources import files
from pathlib import Path

import pytest

from hostaway_message_db.enrichment import lexicon as module
from hostaway_message_db.enrichment.cues import TOPICS
from hostaway_message_db.enrichment.language import GUEST_LANGUAGES
from hostaway_message_db.enrichment.lexicon import Lexicon, fold, read_entries
from hostaway_message_db.errors import ConfigurationError

SHIPPED = Lexicon.load()


def found(text: str, language: str | None, **topics: tuple[str, ...]) -> frozenset[str]:
    """Look a text up in words made for the test, whatever its language."""
    return Lexicon({language or "any": topics}).find(text, language).topics


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("CAFÉ  Zoë's", " cafe zoe s "),
        ("IŞIK ışık İzmir", " isik isik izmir "),
        ("Straße, Łódź", " strasse lodz "),
        ("ёлка й", " елка и "),
        ("أهلاً مُدرّسة", " اهلا مدرسه "),
        ("バス", " バス "),
        ("보일러", " 보일러 "),
        ("", "  "),
    ],
)
def test_folding_takes_case_accents_and_punctuation_off(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_an_entry_is_the_start_of_a_word_unless_it_says_otherwise() -> None:
    assert found("Where do we park?", "en", parking=("park",))
    assert found("The car is parked", "en", parking=("park",))
    assert not found("A ballpark figure", "en", parking=("park",))
    assert found("A cat", "en", pets=("=cat",))
    assert not found("The catalogue", "en", pets=("=cat",))
    assert found("Der Hotelparkplatz", "de", parking=("*parkplatz",))
    assert found("at the front-door", "en", access=("front door",))
    assert not found("upfront door", "en", access=("front door",))


def test_where_words_are_joined_an_entry_may_stand_anywhere() -> None:
    assert found("请问无线网密码是多少", "zh", wifi=("无线网",))
    assert found("والمفتاح؟", "ar", access=("مفتاح",))
    assert not found("המיטה", "he", beds=("=מיטה",))


def test_words_hold_only_in_their_language() -> None:
    assert "pets" in SHIPPED.find("Can we bring our cat?", "en").topics
    assert "pets" not in SHIPPED.find("No hi ha cat", "es").topics
    assert SHIPPED.find("WLAN?", None).topics == {"wifi"}


def test_every_shipped_file_is_for_a_language_and_knows_only_our_topics() -> None:
    names = set()
    for file in files(module.__package__).joinpath("data", "topics").iterdir():
        entries = read_entries(file.read_text(encoding="utf-8"))
        names.add(file.name.removesuffix(".toml"))
        assert entries.keys() <= set(TOPICS), file.name
    assert names - {"any"} <= set(GUEST_LANGUAGES)
    assert len(names) > 20


def test_a_folder_of_ones_own_adds_and_removes(tmp_path: Path) -> None:
    text = 'wifi = ["hotspot box", "-password"]\nsurf_lessons = ["surf"]\n'
    (tmp_path / "en.toml").write_text(text, encoding="utf-8")
    own = Lexicon.load(tmp_path)
    hits = own.find("Is the surfing teacher in?", "en")
    assert hits.own == {"surf_lessons"}
    assert own.find("the hotspot box", "en").own == {"wifi"}
    assert "wifi" in SHIPPED.find("password?", "en").topics
    assert "wifi" not in own.find("password?", "en").topics
    assert "wifi" in own.find("internet", "en").topics
    assert own.digest != SHIPPED.digest


def test_everything_wrong_in_a_folder_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "english.toml").write_text("", encoding="utf-8")
    (tmp_path / "de.toml").write_text('wifi = "netz"\n', encoding="utf-8")
    (tmp_path / "fr.toml").write_text("wifi = [\n", encoding="utf-8")
    (tmp_path / "it.toml").write_text('wifi = ["..."]\n', encoding="utf-8")
    (tmp_path / "es.toml").write_text('"Wi Fi" = ["red"]\n', encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        Lexicon.load(tmp_path)
    assert len(caught.value.problems) == 5
    with pytest.raises(ConfigurationError, match="no such folder"):
        Lexicon.load(tmp_path / "missing")
