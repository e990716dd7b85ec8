"""Who waits for an answer, and who only said thanks."""

# ruff: noqa: RUF001 - what people write

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostaway_message_db.enrichment.reply import Reason, find_reply_need
from hostaway_message_db.enrichment.word_lists import word_list

# Parted by bars, by language.
THANKS = {
    "en": "Thanks!|thank you so much|Thank you for your help, have a great day!|thx 😊|"
    "Ok, thank you. See you tomorrow!|"
    "Perfect, thanks Anna|Many thanks and best regards|Noted with thanks|Thanks for the heads up|"
    "Thank you so much for being such a great host!|Thanks for the very prompt and kind reply",
    "es": "Gracias|Muchas gracias por todo!|Perfecto, muchas gracias|Vale, gracias 🙏|"
    "Genial, mil gracias. Hasta mañana|muchisimas gracias|Gracias por su pronta respuesta, Ana",
    "fr": "Merci beaucoup, à demain !|Merci|D’accord merci|Parfait, merci pour votre réponse|"
    "Super, merci beaucoup pour votre aide|Merci pour toutes ces précisions",
    "de": "Danke schön!|Vielen Dank, bis morgen|Super, danke dir|Vielen Dank für die Infos. LG|"
    "Alles klar, danke!|DANKESCHÖN|Danke für die ausführliche Antwort",
    "it": "Grazie mille, a domani|Ok grazie|Perfetto, grazie per la disponibilità. Buona serata|"
    "Grazie mille per la disponibilità e la gentilezza",
    "pt": "Obrigada!|Muito obrigado pela ajuda|Perfeito, obrigado. Bom dia!",
    "nl": "Bedankt!|Dank je wel, tot morgen|Top, dank u|Hartelijk dank voor de snelle reactie",
    "da": "Mange tak|Tusind tak for hjælpen!",
    "no": "Tusen takk|Takk for det! Ha en fin dag",
    "sv": "Tack så mycket!|Tack för svar, vi ses",
    "fi": "Kiitos paljon|Selvä, kiitos!",
    "cs": "Děkuji moc|Díky, hezký den",
    "pl": "Dziękuję bardzo|Super, dzięki! Do zobaczenia",
    "hu": "Köszönöm szépen|Rendben, köszönjük!",
    "ro": "Mulțumesc mult!|Ok, multumesc",
    "ru": "Спасибо большое, до завтра!|Хорошо, спасибо|Благодарю вас",
    "uk": "Дуже дякую|Добре, дякую!",
    "el": "Ευχαριστώ πολύ!|Εντάξει, ευχαριστώ",
    "tr": "Çok teşekkürler. İyi günler|Teşekkür ederim|Tamam teşekkürler",
    "hr": "Hvala lijepa!|U redu, hvala",
    "he": "תודה רבה!|בסדר, תודה",
    "ar": "شكرا جزيلا|تمام شكرا",
    "hi": "धन्यवाद|ठीक है, धन्यवाद",
    "zh": "谢谢！|好的，谢谢|非常感谢您的帮助|OK谢谢",
    "ja": "ありがとうございます。|承知しました。ありがとうございます。よろしくお願いいたします。",
    "ko": "네 감사합니다~|알겠습니다. 감사합니다!",
    "th": "ขอบคุณค่ะ|ขอบคุณมากครับ",
    "vi": "Cảm ơn bạn nhiều",
    "id": "Terima kasih banyak",
}
ACKNOWLEDGEMENTS = (
    "Ok|👍|🙏🙏|Great, see you tomorrow!|vale|De acuerdo|Perfecto 👌|D'accord|Parfait !|Alles klar|"
    "Passt|Va bene|Perfetto|Tá bom|Prima|Fint|Jättebra|Selvä|Dobře|Dobrze|Rendben|Хорошо|Добре|"
    "Εντάξει|Tamam|U redu|בסדר|تمام|ठीक है|好的|了解しました|네 알겠습니다|โอเคค่ะ|❤️|..."
)
ASKS = (
    "Where is the key|Is there parking?|?|ok?|Could you send the code|¿A qué hora es el check in?|"
    "Gracias, ¿y el parking?|Podría llegar antes|Où est la clé|Wann können wir einchecken|Dove|"
    "Pode enviar o código|Waar is de sleutel|Hvor er nøglen|Missä avain on|Kde je klíč|Gdzie klucz|"
    "Где ключ|Де ключ|Πού είναι το κλειδί|Ποιο είναι;|Anahtar nerede|Gdje je ključ|איפה המפתח|"
    "أين المفتاح|请问几点入住|鍵はどこですか|열쇠는 어디에 있나요|กุญแจอยู่ที่ไหน|chìa khóa ở đâu|"
    "Thanks. Please send the address|Ja, bitte|Yes please|Merci, sale e pepe?|Laut Airbnb, wann?"
)
COMPLAINS = (
    "The heating is broken|No funciona la calefacción|Le chauffage ne marche pas|Dusche kaputt|"
    "La doccia non funziona|O chuveiro não funciona|De douche werkt niet|Bruseren virker ikke|"
    "Duschen fungerar inte|Suihku ei toimi|Nefunguje teplá voda|Nie działa prysznic|"
    "Не работает душ|Не працює душ|Δεν λειτουργεί το ντους|Duş çalışmıyor|המקלחת לא עובדת|"
    "الدش لا يعمل|没有热水|エアコンが動きません|보일러가 고장났어요|ฝักบัวเสีย|😡|ok, water broken"
)
TELLS = (
    "We will arrive at 5 pm|4|Danke. Handtücher fehlen|Thanks but no towels|Ok 15h|"
    "Wir sind zu viert|"
    "Llegamos a las 22|On arrive vers midi|Мы приедем в пять|수건이 없어요|我们五点到|"
    "Maria|Thanks Maria Garcia Lopez|We loved the flat, thank you|Thanks. Toilet|"
    "Hello!|Hola|Buenos días María|Bonjour|Guten Tag|Здравствуйте|你好|こんにちは|안녕하세요|مرحبا|"
    "For your information|Thanks for the code, Maria Lopez|Thanks for nothing|Not good"
)


def parted(listed: str) -> list[str]:
    return listed.split("|")


@pytest.mark.parametrize(
    ("language", "text"), [(code, text) for code, texts in THANKS.items() for text in parted(texts)]
)
def test_mere_thanks_want_no_answer(language: str, text: str) -> None:
    need = find_reply_need(text)
    assert (language, need.is_needed, need.reason) == (language, False, "thanks")


@pytest.mark.parametrize("text", parted(ACKNOWLEDGEMENTS))
def test_that_something_was_read_wants_no_answer(text: str) -> None:
    assert find_reply_need(text) == (False, "acknowledges")


@pytest.mark.parametrize("text", parted(ASKS))
def test_a_question_wants_an_answer(text: str) -> None:
    assert find_reply_need(text) == (True, "asks")


@pytest.mark.parametrize("text", parted(COMPLAINS))
def test_trouble_wants_an_answer(text: str) -> None:
    assert find_reply_need(text) == (True, "complains")


@pytest.mark.parametrize("text", parted(TELLS))
def test_anything_else_wants_an_answer(text: str) -> None:
    assert find_reply_need(text) == (True, "tells")


def test_a_file_wants_an_answer_with_thanks_or_without_words() -> None:
    assert find_reply_need("", has_files=True) == (True, "sends_file")
    assert find_reply_need("Thanks!", has_files=True) == (True, "sends_file")
    assert find_reply_need("Where?", has_files=True) == (True, "asks")
    assert find_reply_need("") == (False, "empty")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.booleans())
def test_there_is_always_an_answer_and_a_reason(text: str, has_files: bool) -> None:
    need = find_reply_need(text, has_files=has_files)
    assert isinstance(need.reason, Reason)
    assert need.is_needed == (need.reason not in {"thanks", "acknowledges", "empty"})


@pytest.mark.parametrize("text", ["thanks " * 200_000, "谢" * 1_000_000, "\ud800", "\0", "İ" * 9])
def test_odd_texts_are_read(text: str) -> None:
    assert find_reply_need(text).reason in set(Reason)


def test_a_section_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        word_list("reply_words.txt", "nothing")
