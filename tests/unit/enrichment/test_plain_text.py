"""What a body becomes as plain text."""

# ruff: noqa: RUF001 - what people write is full of look-alikes

import unicodedata

import pytest

from hostaway_message_db.enrichment.plain_text import holds_markup, to_plain_text

UNTOUCHED = [
    "",
    "a < b",
    "I <3 you",
    "5<6 and 7>2",
    "<name>",
    "Dear <guest name>, welcome",
    "x<y>z",
    "a <b and c> d",
    "Send the <code> to <address> by <time>",
    "paste <link> here",
    "<script> is a tag",
    "<!-- not closed",
    "<a href='cut off",
    "a -> b <- c <> d </> e",
    "AT&T",
    "&copy 2024 &nbsp &lt",
    "&bogus; &#x; &;",
    "https://example.com/?a=1&copy=2&region=3",
    "Hello\n\nsecond paragraph\nits second line",
    "您好，请问可以提前入住吗？谢谢！",
    "ﬁne “quotes” ‘single’ ﾊﾝｶｸ １２３",
    "👨‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ☺️ 👍🏽",
    "می‌خواهم",
    "क्‍ष",
    "NÃO IMPRESSÃO CAFÉ ÎLE À BÂTIR",
    "Ça coûte 50 €, c’est très « cher »",
    "Ä Ö Ü ß — Straße",
    "שלום\u200f 123\u200e",
]

DECODED = [
    ("Tom &amp; Jerry", "Tom & Jerry"),
    ("it&#39;s &#x1F600; &euro;5", "it's 😀 €5"),
    ("&lt;b&gt;bold&lt;/b&gt;", "<b>bold</b>"),
    ("&amp;lt;", "&lt;"),
    ("<p>&amp;lt;</p>", "&lt;"),
    ("a&nbsp;b", "a b"),
    ("&#0;", "\ufffd"),
    ("<p>AT&T &copy 2024 x?a=1&region=2</p>", "AT&T &copy 2024 x?a=1&region=2"),
]

RENDERED = [
    ("<p>Hi&nbsp;there</p><p>B</p>", "Hi there\n\nB"),
    ("<P CLASS=MsoNormal>Hi <SPAN lang=EN>you</SPAN>", "Hi you"),
    ("a<br>b<br/><br />c", "a\nb\n\nc"),
    ("<div>a<br></div><div>b</div>", "a\nb"),
    ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
    ("<p>one\n two\t three</p>", "one two three"),
    ("un<b>believ</b>able <i>!</i>", "unbelievable !"),
    ("<h1>Title</h1>text", "Title\n\ntext"),
    ("<ul><li>x</li><li>y</li></ul>", "- x\n- y"),
    ("<ol><li>x<li>y</ol>", "1. x\n2. y"),
    ("<ol start='3'><li>x</li></ol>", "3. x"),
    ("<ol start='²'><li>x</li></ol>", "1. x"),
    ("<ul><li>x<ol><li>y</li></ol></li><li>z</li></ul>", "- x\n  1. y\n- z"),
    ("<ul><li><p>x</p></li></ul>", "- x"),
    ("<table><tr><th>A</th><th>B</th></tr><tr><td><p>1</p></td><td>2</td></tr></table>", None),
    ("<table><tr><td></td><td>only</td></tr></table>", "only"),
    ("<style>p{}</style><!-- c --><script>1<2</script>a", "a"),
    ("<html><head><title>T</title></head><body>a</body></html>", "a"),
    ("<pre>a\n  b</pre>", "a\n  b"),
    ("<p>x<o:p>&nbsp;</o:p></p><![if !mso]>y<![endif]>", "x\n\ny"),
    ("<p>1 < 2 and <name> and I <3 it</p>", "1 < 2 and <name> and I <3 it"),
    ("<<b>p>kept", "<p>kept"),
    ("first\n\nsecond <b>bold</b>\nthird", "first\n\nsecond bold\nthird"),
    ("first\nsecond <a href='https://x.com/y'>z</a>", "first\nsecond z (https://x.com/y)"),
    ("<p></p>", ""),
    ("<code>x</code>", "x"),
]

LINKS = [
    ("<a href='https://x.com/guide'>Guide</a>", "Guide (https://x.com/guide)"),
    ("<a href='https://x.com/?a=1&amp;b=2'>Guide</a>", "Guide (https://x.com/?a=1&b=2)"),
    ("<a href=https://x.com/a>https://x.com/a</a>", "https://x.com/a"),
    ("<a href='https://www.x.com/'>x.com</a>", "x.com"),
    ("<a href='https://x.com'></a>", "https://x.com"),
    ("<a href='https://x.com'><div>Button</div></a>next", "Button (https://x.com)\nnext"),
    ("<a href='//x.com'>Guide</a>", "Guide (https://x.com)"),
    ("<a href='mailto:a@b.c?subject=Hi'>write</a>", "write (a@b.c)"),
    ("<a href='mailto:a@b.c'>a@b.c</a>", "a@b.c"),
    ("<a href='tel:+34600123456'>+34 600 123 456</a>", "+34 600 123 456"),
    ("<a href='tel:+34600123456'>call</a>", "call (+34600123456)"),
    ("<a href='javascript:alert(1)'>click</a>", "click"),
    ("<a href='#top'>up</a>", "up"),
    ("<a name=x>anchor</a>", "anchor"),
]

IMAGES = [
    ("<img alt='The door' src='x.png'>", "The door"),
    ("<img alt='I <3 it' src='x.png'>", "I <3 it"),
    ("<img src='x.png'>", ""),
    ("<img alt='' src='x.png'>", ""),
    ("<img alt='p' src=x width=1 height=1>", ""),
    ("<img alt='p' src=x width='0px'>", ""),
    ("<img alt='p' src=x style='display: none'>", ""),
    ("<img alt='p' src=x hidden>", ""),
    ("<img src='data:image/png;base64," + "A" * 9000 + "'>after", "after"),
]

CLEANED = [
    ("a\r\nb\rc", "a\nb\nc"),
    ("a\u2028b\x0bc\x0cd", "a\nb\nc\nd"),
    ("a  \n\n\n\n b  ", "a\n\n b"),
    ("a\tb\u00a0c\u2009d\u3000e", "a b c d e"),
    ("a\0b\x07c\x1bd\x7fe", "abcde"),
    ("\ufeffa\u200bb\u00adc\u2060d\ufffce", "abcde"),
    ("\u202aa\u202eb\u202c\u2066c\u2069", "abc"),
    ("\u200c \u200c \u200cHi", "Hi"),
    ("e\u0301", "é"),
    ("\ud83d\ude00", "😀"),
    ("x\ud800y\udc00", "x\ufffdy\ufffd"),
    ("SÃ£o Paulo", "São Paulo"),
    ("L&Atilde;&copy;a", "Léa"),
    ("donâ€™t\nfine ñ line 漢", "don’t\nfine ñ line 漢"),
    ("é".encode().decode("latin-1").encode().decode("latin-1") + "té", "été"),
]


@pytest.mark.parametrize("body", UNTOUCHED)
def test_text_that_only_looks_like_markup_stays_as_written(body: str) -> None:
    assert to_plain_text(body) == body


@pytest.mark.parametrize(("body", "text"), DECODED + LINKS + IMAGES + CLEANED)
def test_entities_links_images_and_characters(body: str, text: str) -> None:
    assert to_plain_text(body) == text


@pytest.mark.parametrize(("body", "text"), RENDERED)
def test_html_is_readable(body: str, text: str | None) -> None:
    assert to_plain_text(body) == ("A | B\n1 | 2" if text is None else text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("<b>", True), ("&lt;", True), ("<name>", False), ("AT&T", False), ("\ud800", False)],
)
def test_holds_markup_says_what_would_be_read_again(text: str, expected: bool) -> None:
    assert holds_markup(text) is expected


def test_every_combining_mark_is_outside_the_pattern_of_words() -> None:
    marks = [chr(code) for code in range(0x110000) if unicodedata.combining(chr(code))]
    assert not [mark for mark in marks if mark.isalnum() or mark.isspace() or mark == "_"]


@pytest.mark.parametrize(
    "unit",
    [
        "<div>",
        "<p>",
        "<ul><li>x",
        "<ol><li>x",
        "<table><tr><td>x",
        "<a href=x><p>",
        '<a b="',
        "<a b=' c=\"",
        "<!--",
        "<script></script x ",
        "<",
        "&",
        "   x",
        "\u0301\u0316",
        "\ud800",
        "Ã© 漢",
        "<p><font size=1>",
    ],
)
def test_half_a_megabyte_takes_its_time_and_room_but_no_more(unit: str) -> None:
    # What grows with the square of a body would take minutes here: the time-out catches it.
    body = unit * (500_000 // len(unit))
    text = to_plain_text(body)
    assert len(text) <= 5 * len(body)


def test_formatting_that_is_never_closed_does_not_multiply() -> None:
    body = "".join(f"<p><b a={number}>x" for number in range(20_000))
    assert to_plain_text(body) == "\n\n".join(["x"] * 20_000)


def test_text_below_the_deepest_nesting_is_kept() -> None:
    assert to_plain_text("<div>" * 500 + "deep" + "</div>" * 500 + "<p>after") == "deep\n\nafter"
