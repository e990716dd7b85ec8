"""What a message is found by: in every script, whatever its case and accents."""

import re

import pytest

from hostaway_message_db.enrichment.search_terms import (
    MAX_TERMS,
    asked_terms,
    fold,
    folding_pattern,
    search_terms,
    words_of,
)


def finds(asked: str, text: str) -> bool:
    """Tell whether a message is found by its terms, as the store looks for them."""
    stored = search_terms(text)
    for word in words_of(asked):
        whole, beginning = asked_terms(word)
        if not set(whole) <= set(stored):
            return False
        if beginning and not any(term.startswith(beginning) for term in stored):
            return False
    return True


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("WIFI", "the wifi password"),
        ("schlussel", "Wo ist der Schlüssel?"),
        ("Schlüssel", "SCHLUSSEL verloren"),
        ("strasse", "die Straße"),
        ("Straße", "STRASSE 5"),
        ("lodz", "z Łodzi do ŁÓDŹ"),
        ("smorrebrod", "Smørrebrød"),
        ("eau", "il n'y a pas d\u2019eau"),
        ("cafe\u0301", "un CAFÉ"),
        ("停车", "附近有免费停车场吗"),
        ("鍵", "部屋の鍵はどこですか"),
        ("場", "駐車場"),
        ("ｶﾞｽ", "ガスが出ません"),
        ("시간", "체크인 시간은 몇 시예요"),
        ("จอดรถ", "มีที่จอดรถไหมคะ"),
        ("مفتاح", "أين مِفْتَاح الشقة؟"),
        ("الشقه", "أين الشقّة"),
        ("٣", "3 ليال"),
        ("מפתח", "אֵיפֹה הַמַּפְתֵּחַ מפתח"),
        ("ключ", "Где КЛЮЧ?"),
        ("чай", "Чаи"),
        ("दुनिया", "नमस्ते दुनिया"),
        ("👍", "Great 👍🏽"),
    ],
)
def test_words_are_found_however_they_are_written(asked: str, text: str) -> None:
    assert finds(asked, text)


@pytest.mark.parametrize(
    ("asked", "text"),
    [("wifi", "wifis"), ("car", "scarf"), ("车停", "停车"), ("シ", "がき"), ("g:ana", "Ana")],
)
def test_other_words_are_not(asked: str, text: str) -> None:
    assert not finds(asked, text)


def test_a_guests_name_is_found_apart_from_the_text() -> None:
    terms = search_terms("Hello Ana", ["José Díaz", "jose@example.com", None])
    assert {"ana", "hello", "g:jose", "g:diaz", "g:jose@example.com"} <= set(terms)
    assert "jose" not in terms


def test_terms_are_distinct_sorted_and_bounded() -> None:
    assert search_terms("b a b") == ["a", "b"]
    many = " ".join(f"w{number}" for number in range(5 * MAX_TERMS))
    terms = search_terms(many)
    assert len(terms) == MAX_TERMS
    assert "w0" in terms
    assert len(search_terms("x" * 10_000)[0]) == 40


def test_folding_is_steady() -> None:
    for text in ("Straße", "ÅNGSTRÖM", "ﬁne", "İstanbul", "Ǆ", "ｶﾞ", "한국어"):
        assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        (("check", "in"), "the Check-in is at 3", "Check-in"),
        (("check", "in"), "check inside", None),
        (("cle",), "où est la clé ?", "clé"),
        (("cle",), "une cle\u0301!", "cle\u0301"),
        (("strasse",), "die Straße", "Straße"),
        (("coeur",), "au CŒUR de Paris", "CŒUR"),
        (("停车",), "免费停车场", "停车"),
        (("مفتاح",), "مِفْتَاح", "مِفْتَاح"),
        (("car",), "scarf", None),
        (("wifi", "password"), "wifi\npassword", "wifi\npassword"),
        (("wifi", "password"), "wifi and password", None),
    ],
)
def test_folded_words_are_found_in_the_text_as_it_was_written(
    words: tuple[str, ...], text: str, found: str | None
) -> None:
    match = re.search(folding_pattern(words), text)
    assert (match[0] if match else None) == found
