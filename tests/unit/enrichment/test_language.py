"""The language of a text: which, how sure, and when none can be told."""

# ruff: noqa: RUF001 - what people write is full of look-alikes

import subprocess
import sys

import pytest

from hostaway_message_db.enrichment.language import (
    GUEST_LANGUAGES,
    detect_language,
    is_detector_installed,
)

SENTENCES = {
    "ar": "مرحبا، في أي ساعة يمكننا الدخول إلى الشقة؟",
    "cs": "Dobrý den, kde můžeme zaparkovat auto?",
    "da": "Hej, hvornår kan vi komme ind i lejligheden?",
    "de": "Guten Tag, wo können wir das Auto abstellen?",
    "el": "Καλησπέρα, πού μπορούμε να παρκάρουμε;",
    "en": "Hello, where can we leave our bags before check-in?",
    "es": "Hola, ¿a qué hora podemos entrar en el piso?",
    "fi": "Hei, mihin aikaan voimme tulla asunnolle?",
    "fr": "Bonjour, à quelle heure pouvons-nous arriver ?",
    "he": "שלום, באיזו שעה אפשר להיכנס לדירה?",
    "it": "Buongiorno, dove possiamo parcheggiare la macchina?",
    "ja": "こんにちは、何時にチェックインできますか？",
    "ko": "안녕하세요, 체크인은 몇 시부터 가능한가요?",
    "nl": "Hallo, hoe laat kunnen we in het appartement?",
    "no": "Hei, når kan vi komme inn i leiligheten?",
    "pl": "Dzień dobry, o której możemy się zameldować?",
    "pt": "Olá, a que horas podemos entrar no apartamento?",
    "ro": "Bună ziua, la ce oră putem ajunge la apartament?",
    "ru": "Здравствуйте, во сколько мы можем въехать в квартиру?",
    "sv": "Hej, när kan vi komma in i lägenheten?",
    "th": "สวัสดีค่ะ เช็คอินได้กี่โมงคะ",
    "tr": "Merhaba, daireye saat kaçta girebiliriz?",
    "uk": "Добрий день, о котрій годині можна заселитися?",
    "vi": "Xin chào, mấy giờ chúng tôi có thể nhận phòng?",
    "zh": "您好，请问几点可以入住？",
}


@pytest.mark.parametrize(("code", "text"), SENTENCES.items())
def test_a_sentence_tells_its_language_reliably(code: str, text: str) -> None:
    found = detect_language(text)
    assert (found.code, found.is_reliable) == (code, True)
    assert found.confidence > 0.5


@pytest.mark.parametrize(
    ("text", "code"),
    [("gracias", "es"), ("Merci", "fr"), ("Danke!", "de"), ("Bedankt", "nl"), ("Hi Anna", "en")],
)
def test_a_word_tells_its_language_but_not_reliably(text: str, code: str) -> None:
    found = detect_language(text)
    assert (found.code, found.is_reliable) == (code, False)
    assert 0 < found.confidence <= 1


@pytest.mark.parametrize(
    "text", ["", " \n", "12345", "😀👍🏽", "Ok", "WIFI?", "check-in 15:00", "\ud83d\0", "a@b.com"]
)
def test_what_everybody_writes_tells_no_language(text: str) -> None:
    assert detect_language(text) == (None, 0.0, False)


def test_markup_addresses_nuls_and_lone_surrogates_do_not_mislead() -> None:
    plain = "Wo ist der Schlüssel für die Wohnung?"
    dressed = f"<p class='the house'>&nbsp;https://the.house/with/the\0 {plain}\ud83d</p>"
    assert detect_language(dressed).code == "de"


def test_a_huge_text_is_judged_by_its_start() -> None:
    assert detect_language("Where is the key to the flat? " * 40_000).code == "en"


def test_every_sentence_is_in_a_language_that_can_be_found() -> None:
    assert set(SENTENCES) <= set(GUEST_LANGUAGES)
    assert is_detector_installed()


def test_without_the_models_it_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['eldc'] = None\n"
        "from hostaway_message_db.enrichment import language\n"
        "from hostaway_message_db.errors import ModelsMissing\n"
        "assert not language.is_detector_installed()\n"
        "try: language.detect_language('Hello')\n"
        "except ModelsMissing as error: print(error.message, error.hint)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "hostaway-message-db[nlp]" in ran.stdout
