"""A message body as plain text: what was written, without how it was transported."""

import html
import re
import unicodedata
from typing import Final

import ftfy
from ftfy.badness import is_bad

from hostaway_message_db.enrichment.html_text import render_markup
from hostaway_message_db.enrichment.markup import find_entities, reduce_markup

# Rounds of repair until nothing changes, which they nearly always do after the second.
_MOST_ROUNDS: Final = 10
# Texts longer than any real message are not searched for mojibake, which is slow to repair.
_LONGEST_REPAIRED: Final = 500_000
# Unicode's stream-safe form (UAX 15): longer runs make composing quadratic.
_MOST_COMBINING: Final = 30

_LINE_ENDS: Final = dict.fromkeys((0x0B, 0x0C, 0x85, 0x2028, 0x2029), "\n")
_CONTROLS: Final = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], None)
_ODD_SPACES: Final = dict.fromkeys(
    (0x09, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000),
    " ",
)
# Soft hyphen, zero width space, word joiner, byte order mark, object placeholder; and the bidi
# embeddings, overrides and isolates, which can make a text read as what it does not say.
_UNSEEN: Final = dict.fromkeys(
    (0xAD, 0x180E, 0x200B, *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF, 0xFFFC),
    None,
)
_REPLACEMENTS: Final[dict[int, str | None]] = (
    _CONTROLS | {0x0A: "\n"} | _LINE_ENDS | _ODD_SPACES | _UNSEEN
)
# What joins or parts the letters around it has nothing to join at the start of a word; mails
# are padded with it.
_IDLE_JOINERS: Final = re.compile(r"(?<!\S)[\u034f\u200c\u200d]+")
_NEITHER_WORD_NOR_SPACE: Final = re.compile(r"[^\w\s]{31,}")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")
_CARRIAGE_RETURN: Final = re.compile(r"\r\n?")
_REPAIRS: Final = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    remove_control_chars=False,
    normalization=None,
    explain=False,
)


def to_plain_text(body: str) -> str:
    """Return a message body, plain text or HTML (API reference 7.4), as plain text.

    Total and linear: any str gives a str without markup, lone surrogates, control characters,
    trailing spaces or more than one empty line in a row, in Unicode NFC.

    HTML keeps its paragraphs, lines, lists, tables ("a | b") and links ("label (address)");
    images leave their description, scripts, styles and comments leave nothing. A "<" that opens
    no known element is text. Without any tag the line ends are kept and only entities are
    decoded, those closed by ";", once: "&amp;lt;" becomes "&lt;".

    Decoding can yield text that reads as markup: "&lt;b&gt;" becomes "<b>", for the reader.
    Such a result must not be given to this function again; for every other result, see
    `holds_markup`, doing so changes nothing.
    """
    text = _CARRIAGE_RETURN.sub("\n", _without_surrogates(body).replace("\0", ""))
    markup = reduce_markup(text)
    text = _decode_entities(text) if markup is None else render_markup(markup)
    return _tidy(text)


def holds_markup(text: str) -> bool:
    """Return whether `to_plain_text` would read a tag or an entity in the text.

    Total and linear.
    """
    text = _without_surrogates(text)
    return reduce_markup(text) is not None or bool(find_entities(text))


def _without_surrogates(text: str) -> str:
    """Join surrogate pairs and replace surrogates that stand alone by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _decode_entities(text: str) -> str:
    """Decode the character references of a text that holds no tags, once."""
    pieces: list[str] = []
    position = 0
    for match in find_entities(text):
        pieces += (text[position : match.start()], html.unescape(match[0]))
        position = match.end()
    return "".join([*pieces, text[position:]]) if pieces else text


def _tidy(text: str) -> str:
    """Repair and clean until nothing changes, since cleaning may show what to repair."""
    for _ in range(_MOST_ROUNDS):
        tidied = _clean(_repair(text))
        if tidied == text:
            break
        text = tidied
    return text


def _repair(text: str) -> str:
    """Undo UTF-8 that was read as another encoding, line by line and only where suspicious."""
    if text.isascii() or len(text) > _LONGEST_REPAIRED or not is_bad(text):
        return text
    lines = [ftfy.fix_encoding(line, _REPAIRS) for line in text.split("\n")]
    return _without_surrogates("\n".join(lines))


def _clean(text: str) -> str:
    """Bring characters and white space into their one form."""
    text = _CARRIAGE_RETURN.sub("\n", text)
    if not (text.isascii() and text.isprintable()):
        text = text.translate(_REPLACEMENTS)
    if not text.isascii():
        text = unicodedata.normalize("NFC", _NEITHER_WORD_NOR_SPACE.sub(_part_combining, text))
        text = _IDLE_JOINERS.sub("", text)
    text = "\n".join([line.rstrip(" ") for line in text.split("\n")])
    return _EMPTY_LINES.sub("\n\n", text).strip("\n ")


def _part_combining(match: re.Match[str]) -> str:
    """Put a grapheme joiner after each thirty combining marks in a row."""
    pieces: list[str] = []
    run = 0
    for character in match[0]:
        run = run + 1 if unicodedata.combining(character) else 0
        if run > _MOST_COMBINING:
            pieces.append("\u034f")
            run = 1
        pieces.append(character)
    return "".join(pieces)
