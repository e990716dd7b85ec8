"""What somebody wrote now, without the mail it answers and without a signature."""

# ruff: noqa: RUF001, E501 - mails as they are

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostaway_message_db.enrichment.core_text import core_text
from hostaway_message_db.enrichment.plain_text import to_plain_text

ATTRIBUTIONS = {
    "en": "On Mon, Mar 3, 2025 at 10:00 AM Ana Ruiz <ana@example.com> wrote:",
    "en-apple": "On 3 Mar 2025, at 10:00, Ana Ruiz <ana@example.com> wrote:",
    "en-plain": "On 2025-03-03 10:00, Ana wrote:",
    "es": "El lun, 3 mar 2025 a las 10:00, Ana Ruiz (<ana@example.com>) escribió:",
    "fr": "Le lun. 3 mars 2025 à 10:00, Ana Ruiz <ana@example.com> a écrit :",
    "de": "Am Mo., 3. März 2025 um 10:00 Uhr schrieb Ana Ruiz <ana@example.com>:",
    "de-2": "Ana Ruiz <ana@example.com> schrieb am Mo., 3. März 2025, 10:00:",
    "it": "Il giorno lun 3 mar 2025 alle ore 10:00 Ana Ruiz <ana@example.com> ha scritto:",
    "pt": "Em seg., 3 de mar. de 2025 às 10:00, Ana Ruiz <ana@example.com> escreveu:",
    "nl": "Op ma 3 mrt 2025 om 10:00 schreef Ana Ruiz <ana@example.com>:",
    "nl-2": "Op 3 maart 2025 heeft Ana Ruiz het volgende geschreven:",
    "da": "Den man. 3. mar. 2025 kl. 10.00 skrev Ana Ruiz <ana@example.com>:",
    "sv": "Den mån 3 mars 2025 kl 10:00 skrev Ana Ruiz <ana@example.com>:",
    "fi": "ma 3. maalisk. 2025 klo 10.00 Ana Ruiz (ana@example.com) kirjoitti:",
    "cs": "po 3. 3. 2025 v 10:00 odesílatel Ana Ruiz <ana@example.com> napsal:",
    "pl": "pon., 3 mar 2025 o 10:00 Ana Ruiz <ana@example.com> napisał(a):",
    "hu": "Ana Ruiz <ana@example.com> ezt írta (időpont: 2025. márc. 3., H, 10:00):",
    "ro": "În lun., 3 mar. 2025 la 10:00, Ana Ruiz <ana@example.com> a scris:",
    "ru": "пн, 3 мар. 2025 г. в 10:00, Ana Ruiz <ana@example.com>:",
    "ru-2": "3 марта 2025 г., 10:00, Ана Руис написал(а):",
    "uk": "пн, 3 бер. 2025 р. о 10:00 Ana Ruiz <ana@example.com> пише:",
    "bg": "На пн, 3.03.2025 г. в 10:00 Ana Ruiz <ana@example.com> написа:",
    "el": "Στις Δευ 3 Μαρ 2025 στις 10:00 π.μ., ο χρήστης Ana Ruiz <ana@example.com> έγραψε:",
    "tr": "Ana Ruiz <ana@example.com>, 3 Mar 2025 Pzt, 10:00 tarihinde şunu yazdı:",
    "he": "בתאריך יום ב׳, 3 במרץ 2025 ב-10:00 מאת Ana Ruiz <ana@example.com>:",
    "ar": "في الاثنين، 3 مارس 2025 في 10:00 ص تمت كتابة ما يلي بواسطة Ana <ana@example.com>:",
    "zh": "Ana Ruiz <ana@example.com> 于2025年3月3日周一 10:00写道：",
    "zh-tw": "Ana Ruiz <ana@example.com> 於 2025年3月3日 週一 上午10:00寫道：",
    "ja": "2025年3月3日(月) 10:00 Ana Ruiz <ana@example.com>:",
    "ko": "2025년 3월 3일 (월) 오전 10:00, Ana Ruiz <ana@example.com>님이 작성:",
    "vi": "Vào Th 2, 3 thg 3, 2025 vào lúc 10:00 Ana Ruiz <ana@example.com> đã viết:",
    "id": "Pada tanggal Sen, 3 Mar 2025 pukul 10.00 Ana Ruiz <ana@example.com> menulis:",
    "quoting": "Quoting Ana Ruiz <ana@example.com>:",
    "wrapped": "On Mon, Mar 3, 2025 at 10:00 AM Ana Maria del Carmen Ruiz Fernandez\n<ana.maria.ruiz@example.com> wrote:",
}

DIVIDERS = [
    "-----Original Message-----",
    "----- Original Message -----",
    "-------- Mensaje original --------",
    "-----Ursprüngliche Nachricht-----",
    "-----Message d'origine-----",
    "-----Message d’origine-----",
    "-----Messaggio originale-----",
    "-----Mensagem original-----",
    "-----Oorspronkelijk bericht-----",
    "---------- Forwarded message ---------",
    "-----Исходное сообщение-----",
    "-----Oryginalna wiadomość-----",
    "-----Původní zpráva-----",
    "-----元のメッセージ-----",
    "-----原始邮件-----",
    "-----원본 메시지-----",
    "Begin forwarded message:",
    "##- Please type your reply above this line -##",
]

HEADERS = [
    "From: Ana Ruiz <ana@example.com>\nSent: Monday, March 3, 2025 10:00 AM\nTo: Host\nSubject: Key",
    "*From:* Ana Ruiz <ana@example.com>\n*Date:* Monday\n*To:* Host\n*Subject:* Key",
    "Von: Ana Ruiz\nGesendet: Montag, 3. März 2025 10:00\nAn: Host\nBetreff: Schlüssel",
    "De: Ana Ruiz\nEnviado el: lunes, 3 de marzo de 2025 10:00\nPara: Host\nAsunto: Llave",
    "De : Ana Ruiz\nEnvoyé : lundi 3 mars 2025 10:00\nÀ : Host\nObjet : Clé",
    "Da: Ana Ruiz\nInviato: lunedì 3 marzo 2025 10:00\nA: Host\nOggetto: Chiave",
    "De: Ana Ruiz\nEnviada em: segunda-feira, 3 de março de 2025\nPara: Host\nAssunto: Chave",
    "Van: Ana Ruiz\nVerzonden: maandag 3 maart 2025\nAan: Host\nOnderwerp: Sleutel",
    "Fra: Ana Ruiz\nSendt: 3. marts 2025\nTil: Host\nEmne: Nøgle",
    "Från: Ana Ruiz\nSkickat: den 3 mars 2025\nTill: Host\nÄmne: Nyckel",
    "Lähettäjä: Ana Ruiz\nLähetetty: 3. maaliskuuta 2025\nVastaanottaja: Host\nAihe: Avain",
    "Od: Ana Ruiz\nWysłano: 3 marca 2025\nDo: Host\nTemat: Klucz",
    "Od: Ana Ruiz\nOdesláno: 3. března 2025\nKomu: Host\nPředmět: Klíč",
    "От: Ana Ruiz\nОтправлено: 3 марта 2025\nКому: Host\nТема: Ключ",
    "Kimden: Ana Ruiz\nGönderildi: 3 Mart 2025\nKime: Host\nKonu: Anahtar",
    "发件人: Ana Ruiz\n发送时间: 2025年3月3日\n收件人: Host\n主题: 钥匙",
    "差出人: Ana Ruiz\n送信日時: 2025年3月3日\n宛先: Host\n件名: 鍵",
    "보낸 사람: Ana Ruiz\n보낸 날짜: 2025년 3월 3일\n받는 사람: Host\n제목: 열쇠",
]

SIGNATURES = [
    "Sent from my iPhone",
    "Sent from my Samsung Galaxy smartphone.",
    "Sent from Outlook for iOS (https://aka.ms/o0ukef)",
    "Get Outlook for Android (https://aka.ms/AAb9ysg)",
    "Sent via the Samsung Galaxy S21, an AT&T 5G smartphone",
    "Envoyé avec l'application mobile Mail Orange",
    "Enviado desde mi iPhone",
    "Envoyé de mon iPhone",
    "Von meinem iPhone gesendet",
    "Gesendet von Mail für Windows",
    "Inviato da iPhone",
    "Enviado do meu iPhone",
    "Verzonden vanaf mijn iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Sendt fra min iPhone",
    "Skickat från min iPhone",
    "Lähetetty iPhonesta",
    "Odesláno z iPhonu",
    "Wysłane z iPhone'a",
    "Trimis de pe iPhone-ul meu",
    "Отправлено с iPhone",
    "Надіслано з iPhone",
    "Στάλθηκε από το iPhone μου",
    "iPhone'umdan gönderildi",
    "נשלח מה-iPhone שלי",
    "أُرسلت من الـ iPhone",
    "发自我的iPhone",
    "從我的iPhone傳送",
    "iPhoneから送信",
    "나의 iPhone에서 보냄",
    "Đã gửi từ iPhone của tôi",
    "--\nAna Ruiz\nExample Travel, Calle 1, 28001 Madrid\n+34 600 123 456",
    "Best regards,\nAna Ruiz\nHead of Travel\n+34 600 123 456\nwww.example.com",
    "Mit freundlichen Grüßen\nAna Ruiz",
    "Cordialement,\n\nAna Ruiz\nana@example.com",
    "Un saludo,\nAna",
    "________________________________",
    "[cid:image001.png@01D9]",
]

WRITTEN = "Could we check in at noon? We land at 9.\nAnd is there parking?"

UNTOUCHED = [
    "",
    ">",
    "Ok",
    "a < b and c > d",
    "I <3 this place",
    "> 5 people",
    "On Friday we arrive at 10:30.",
    "On 3 March at 10:30 we wrote: nobody answered",
    "We arrive at 10:30 and my husband wrote:\nplease open the gate",
    ">> urgent <<\nno water",
    "Hello\n--\nWifi?\n--\nParking?",
    "Hello\n--\nThe heater is broken",
    "From: Madrid\nTo: Lisbon\nDate: 3 May\nCan you book the transfer?",
    "From 3 May\nTo 5 May",
    "Our guests:\nAna 34\nLuis 35",
    "Shopping:\n- towels\n- soap",
    "1) wifi\n2) parking\n--- and one more thing",
    "Saludos\nNecesitamos dos toallas",
    "Regards\nis the pool heated?",
    "Sent via Bizum, 50 euros",
    "We sent from my bank the deposit",
    "Two things -- wifi and parking",
    "On Mon, Mar 3, 2025 at 10:00 AM Ana <ana@example.com> wrote:\n> Nothing but a quotation",
    "Sent from my iPhone",
    "-----Original Message-----\nFrom: a@example.com\nSubject: b\nTo: c\n\nHello",
]


@pytest.mark.parametrize("line", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
def test_what_somebody_wrote_before_is_split_off(line: str) -> None:
    line = to_plain_text(line)
    assert core_text(f"{WRITTEN}\n\n{line}\n> See you\n> soon") == WRITTEN
    assert core_text(f"{WRITTEN}\n\n{line}\n\nSee you\nsoon") == WRITTEN
    assert core_text(f"{line}\n> See you\n\n{WRITTEN}") == WRITTEN


@pytest.mark.parametrize("line", [*DIVIDERS, *HEADERS])
def test_a_mail_below_is_split_off(line: str) -> None:
    assert core_text(f"{WRITTEN}\n\n{line}\n\nSee you soon\nAna") == WRITTEN


@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_signature_is_split_off(signature: str) -> None:
    assert core_text(f"{WRITTEN}\n\n{signature}") == WRITTEN
    assert core_text(f"{WRITTEN}\n{signature}\n\nOn 3.3.2025 10:00 Ana wrote:\n> Hi") == WRITTEN


def test_answers_between_quoted_lines_are_kept() -> None:
    text = "> When do you arrive?\nAt noon.\n\n> By car?\nNo, by train.\n>> older"
    assert core_text(text) == "At noon.\n\nNo, by train."


@pytest.mark.parametrize("text", UNTOUCHED)
def test_what_is_no_quotation_stays(text: str) -> None:
    assert core_text(text) == text


def test_mail_as_gmail_sends_it() -> None:
    body = (
        "<div dir='ltr'>Yes, please.<div><br></div><div>Ana</div></div><br>"
        "<div class='gmail_quote'><div dir='ltr' class='gmail_attr'>El lun, 3 mar 2025 a las 10:00,"
        " Host (&lt;<a href='mailto:host@example.com'>host@example.com</a>&gt;) escribió:<br></div>"
        "<blockquote class='gmail_quote'><div>Shall we book the taxi?</div></blockquote></div>"
    )
    content = to_plain_text(body)
    assert "taxi" in content
    assert core_text(content) == "Yes, please.\n\nAna"


LINES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["> a", ">>", "--", "From: a@b", "Subject: x", "To: y", "Sent from my iPhone"]),
    st.sampled_from([*ATTRIBUTIONS.values(), *DIVIDERS]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES, max_size=12))
def test_the_core_is_a_part_of_the_text_and_never_nothing(lines: list[str]) -> None:
    content = to_plain_text("\n".join(lines))
    core = core_text(content)
    assert bool(core.strip()) == bool(content.strip())
    assert set(map(str.strip, core.split("\n"))) <= set(map(str.strip, content.split("\n")))
    assert core_text(core) == core or core_text(core) in core


@pytest.mark.timeout(20)  # quadratic time would be minutes
@pytest.mark.parametrize(
    "piece",
    ["On ", "On 1\n", "> a\n", "1 a b:\n", "From: a@b\n", "regards\n", "-" * 60 + "a" * 60, "[cid:",
     "##-", "<a@", "1 wrote ", "- ", " ", "*" * 200 + "a\n", "_" * 200 + "\n", "\n"],
)  # fmt: skip
def test_a_megabyte_of_anything_is_read(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    assert bool(core_text(text).strip()) == bool(text.strip())
