"""Quotations that only the HTML of a mail marks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostaway_message_db.enrichment.plain_text import to_plain_text
from hostaway_message_db.enrichment.quoted_markup import with_quotations_as_lines
from hostaway_message_db.enrichment.reading import read_text

GMAIL = (
    '<div dir="ltr">Yes, please.</div><br><div class="gmail_quote"><div dir="ltr" '
    'class="gmail_attr">{intro}<br></div><blockquote class="gmail_quote" style="margin:0">'
    "<div>Shall we book the taxi?</div><blockquote>Older</blockquote></blockquote></div>"
)
ENGLISH = "On Mon, 3 Mar 2025 at 10:00 Host &lt;h@example.com&gt; wrote:"
TAXI = "<blockquote type='cite'>Taxi?</blockquote>"


def core(body: str) -> str:
    content = to_plain_text(body)
    reading = read_text(content, body=body, is_inbound=True, has_files=False)
    return content if reading.core is None else reading.core


@pytest.mark.parametrize(
    ("body", "written"),
    [
        (GMAIL.format(intro=ENGLISH), "Yes, please."),
        # In a language that no list of ours holds.
        (GMAIL.format(intro="Ngo-Mas 3, 2025, u-Host wabhala:"), "Yes, please."),
        ("<p>Yes</p><blockquote type='cite'><div>Taxi?</div></blockquote>", "Yes"),
        ("<p>Yes</p><BLOCKQUOTE TYPE=cite>Taxi?", "Yes"),
        (
            f"<p>Yes</p><div class='moz-cite-prefix'>Wabhala uHost:<br></div>{TAXI}<p>At noon</p>",
            "Yes\n\nAt noon",
        ),
        # Answered below and between.
        (
            f"{ENGLISH}{TAXI}Yes<blockquote type='cite'>When?</blockquote>At noon",
            "Yes\nAt noon",
        ),
        # A guest's own quotation, and a mail that is nothing but one, stay.
        ("<p>The sign says</p><blockquote>No pets</blockquote>", "The sign says\n\nNo pets"),
        (f"{ENGLISH}{TAXI}", None),
        (TAXI, None),
        ("a < b, blockquote type=cite", None),
    ],
)
def test_what_mail_programs_mark_as_quoted_is_split_off(body: str, written: str | None) -> None:
    assert core(body) == (to_plain_text(body) if written is None else written)


PIECES = st.sampled_from([
    "<blockquote type=cite>", "</blockquote>", "<blockquote>", "<div class='gmail_attr'>", "</div>",
    "yes", " ", "\n", "<br>", "<blockquote", "cite=", "İ", "\ud800", "\0",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_markup_leaves_a_core_unless_there_is_no_text(body: str) -> None:
    assert bool(core(body).strip()) == bool(to_plain_text(body).strip())


@pytest.mark.timeout(20)  # quadratic time would be minutes
@pytest.mark.parametrize(
    "piece",
    ["<blockquote type=cite>", "<blockquote ", "<div gmail_attr>", "<div gmail_attr ", "cite ",
     "type" + " " * 50, "<blockquote type=cite></blockquote>"],
)  # fmt: skip
def test_a_megabyte_of_anything_is_read(piece: str) -> None:
    body = f"<blockquote type=cite></blockquote>{piece * (1_000_000 // len(piece))}"
    assert with_quotations_as_lines(body) is not None
