"""Any text, any dates: an answer, never an exception."""

import unicodedata
from datetime import UTC, date, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostaway_message_db.enrichment.nationality import find_nationality
from hostaway_message_db.enrichment.plain_text import holds_markup, to_plain_text
from hostaway_message_db.enrichment.stage import Stage, find_stage

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
TAGS_AND_WORDS = (
    "<p> </p> <br> <div> </div> <ul> <ol> <li> </li> </ul> <table> <tr> <td> </table> <pre> "
    "</pre> <b> </b> <h1> <script> </script> <!-- --> <a> </a> <name> <3 < > & &amp; &lt; &gt; "
    "&amp;lt; &#60; &nbsp; &zwnj; Ã © Ã£ â€™ é ñ 漢 ok <select> <option> <svg> </svg> <style "
    "<a_href= \" ' = <o:p> <title> </title> <caption> <blockquote> </tr> <th>"
)
FRAGMENTS = st.sampled_from(
    [
        *TAGS_AND_WORDS.split(),
        "<a href='https://x.y'>",
        "<img alt='x y' src=z>",
        "<a href=mailto:a@b.c>",
        " ",
        "\n",
        "\r",
        "\t",
        "\u00a0",
        "\u200d",
        "\u200c",
        "\u200b",
        "\u0301",
        "\x93",
        "\x85",
        "\ud83d",
        "\ude00",
        "\0",
        "\u3000",
        "\u034f",
    ],
)
BODIES = ANY_TEXT | st.lists(FRAGMENTS, max_size=40).map("".join)
PATIENT = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
DAYS = st.none() | st.dates()
NAMES = st.none() | ANY_TEXT


@PATIENT
@given(BODIES)
def test_plain_text_keeps_its_promises(body: str) -> None:
    text = to_plain_text(body)
    assert text == text.strip()
    assert "\n\n\n" not in text
    assert not [line for line in text.split("\n") if line.endswith(" ")]
    assert not [
        each for each in text if unicodedata.category(each) in {"Cs", "Cc"} and each != "\n"
    ]
    assert unicodedata.is_normalized("NFC", text)
    assert len(text) <= 20 * len(body) + 20


@PATIENT
@given(BODIES)
def test_plain_text_of_plain_text_is_the_same(body: str) -> None:
    text = to_plain_text(body)
    if not holds_markup(text):
        assert to_plain_text(text) == text


@PATIENT
@given(st.lists(st.sampled_from(["a<b", "x", "<name>", " ", "&", "<", ">", "é"])).map("".join))
def test_text_without_a_known_tag_loses_nothing(body: str) -> None:
    if not holds_markup(body):
        assert to_plain_text(body) == body.strip()


@PATIENT
@given(NAMES, NAMES | st.from_regex(r"\A(\+|00)[0-9 ()-]{0,20}\Z"))
def test_nationality_is_two_capitals_or_none(country: str | None, phone: str | None) -> None:
    found = find_nationality(country, phone)
    if found is not None:
        assert len(found.country_code) == 2
        assert found.country_code.isascii()
        assert found.country_code.isupper()
        assert found.basis in {"country", "phone"}


@given(st.datetimes(timezones=st.just(UTC)), NAMES, DAYS, DAYS, NAMES)
def test_stage_is_one_of_seven_or_none(
    moment: datetime,
    status: str | None,
    arrival: date | None,
    departure: date | None,
    zone: str | None,
) -> None:
    stage = find_stage(moment, status, arrival, departure, zone)
    assert stage is None or stage in set(Stage)


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.datetimes(timezones=st.just(UTC)),
    st.dates(),
    st.dates(),
    st.sampled_from(["Asia/Tokyo", "America/New_York", "Europe/Madrid", "Pacific/Apia"]),
)
def test_stages_never_go_back(
    one: datetime,
    other: datetime,
    arrival: date,
    departure: date,
    zone: str,
) -> None:
    order = list(Stage)
    earlier = find_stage(min(one, other), "new", arrival, departure, zone)
    later = find_stage(max(one, other), "new", arrival, departure, zone)
    assert earlier is not None
    assert later is not None
    assert order.index(earlier) <= order.index(later)


STRUCTURE_TAGS = (
    "<p> </p> <br> </br> <hr> <div> </div> <ul> <ol> <li> </li> </ul> </ol> <table> <tr> <td> "
    "<tbody> </td> </tr> </table> <caption> <th> <pre> </pre> <b> </b> <h1> </h2> <a> </a> "
    "<a/href='x'> <a/href='//y'> <name> <span> <select> </select> <option> <html> <body> "
    "</body> </html> <form> <col> <thead> <img/alt='x'> <blockquote> </blockquote> < > & "
    "<address> </address> </head> </title> <center> <noscript> </noscript> <details>"
)
STRUCTURE = st.sampled_from([*STRUCTURE_TAGS.split(), "\n", *["ж", "жж", " ж "] * 8])


@PATIENT
@given(st.lists(STRUCTURE, max_size=40).map("".join))
def test_no_letter_between_tags_is_lost_or_doubled(body: str) -> None:
    assert to_plain_text(body).count("ж") == body.count("ж")
