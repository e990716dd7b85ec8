"""Which angle brackets are HTML and which are what somebody wrote.

A message body is plain text or HTML and no field says which (API reference 7.4). Guests write
"5 < 6" and "I <3 you"; hosts paste whole mails. So each "<" is judged by itself: it opens a tag
only if a known element's name, well-formed attributes and a closing ">" follow.

The tags that survive are written anew in a reduced form: elements that carry no structure are
left out, attributes are dropped but those of links, images and lists, and nesting is bounded.
That keeps the HTML parser linear: lexbor takes time, and with unclosed formatting elements
memory, quadratic in the nesting (measured: 200 kB of "<div>" takes 2.3 s, 50 kB of
"<p><b a=1><p><b a=2>" takes 9 s and over 2 GB).
"""

import re
from dataclasses import dataclass, field
from html.entities import html5
from typing import Final


def _words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


# Elements left out together with what they hold.
_DROPPED: Final = _words(
    "applet audio canvas head iframe math noframes object script style svg template title video xml"
)
# Elements that say nothing about lines: the tag goes, what it holds stays.
_INLINE: Final = _words(
    "b bdi bdo big body button cite colgroup data del dfn em fieldset font form html i ins kbd "
    "mark noscript s samp small span strike strong sub sup tt u var wbr col"
)
# Inline too, but likely as words in angle brackets ("<code>"): only with a closing tag later.
_PAIRED: Final = _words(
    "abbr acronym code label map menu meter nobr output picture progress q rp rt ruby search "
    "select textarea time"
)
# Block elements likely as words in angle brackets: only with a closing tag later.
_PAIRED_BLOCKS: Final = _words("address details dialog legend main nav summary")
# Empty elements that mean nothing without an attribute.
_BARE_IS_TEXT: Final = _words("area base embed img input link meta param source track")
# Blocks that end the line; they are all parsed as <div>.
_LINES: Final = _words(
    "article aside center dd div dl dt figcaption figure footer header hgroup optgroup option "
    "section"
)
# Elements whose structure the renderer reads, by their own names.
_NESTING: Final = _words("blockquote ol pre table ul")
_STRUCTURE: Final = _words("a br caption h1 h2 h3 h4 h5 h6 hr img li p tbody td tfoot th thead tr")
_WITH_ATTRIBUTES: Final = frozenset({"a", "img", "ol"})
# Tags that break no line and leave the line ends of the source as they are.
_KEEPS_LINES: Final = frozenset({"a", "br", "img"})
_KNOWN: Final = (
    _DROPPED | _INLINE | _PAIRED | _PAIRED_BLOCKS | _BARE_IS_TEXT | _LINES | _NESTING | _STRUCTURE
)
_OFFICE_PREFIXES: Final = ("o:", "v:", "w:", "m:", "x:", "st1:")

_DEEPEST_NESTING: Final = 60
# How far past the next "<" a tag may reach, for a "<" inside a quoted attribute.
_REACH: Final = 500

_TAG: Final = re.compile(
    r"""<(?P<slash>/?)(?P<name>[A-Za-z][A-Za-z0-9]{0,15}(?::[A-Za-z][A-Za-z0-9]{0,30})?)
    (?P<attributes>(?:
        [\s/]*+[^\s"'<>/=]{1,100}+\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'<>][^\s<>]*+)
      | [\s/]++(?:allowfullscreen|async|autofocus|checked|compact|controls|defer|disabled|download
        |hidden|ismap|multiple|noshade|nowrap|open|readonly|required|reversed|selected)
        (?=[\s/>])
    )*+)[\s/]*+>""",
    re.VERBOSE | re.IGNORECASE,
)
_COMMENT: Final = re.compile(
    r"<!doctype[^<>]{0,300}>|<!\[(?:if|endif)[^<>]{0,300}>|<\?xml[^<>]{0,300}>",
    re.IGNORECASE,
)
_CLOSING: Final = re.compile(r"</([A-Za-z][A-Za-z0-9]{0,15})(?:[\s/][^<>]{0,200}+)?>")
_ENTITY: Final = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|([A-Za-z][A-Za-z0-9]{0,31}));",
)
_MARK: Final = re.compile(r"<(?=[A-Za-z/!?])|&")


@dataclass(frozen=True, slots=True)
class Markup:
    """A body that holds HTML, reduced to what the renderer reads.

    `source` holds only tags of a known set, and every other "<" and every "&" that opens no
    entity as an entity. `keeps_lines` is true when nothing but links, images and line breaks
    marks it up, so its line ends are the writer's own.
    """

    source: str
    keeps_lines: bool


def reduce_markup(text: str) -> Markup | None:
    """Return the HTML in the text, reduced, or None if no "<" of it opens a known element.

    Total and linear; the reduced source is never longer than five times
    the text.
    """
    if "<" not in text:
        return None
    reduction = _Reduction(text)
    reduction.run()
    return reduction.result()


def is_entity(match: re.Match[str]) -> bool:
    """Return whether a match of the entity pattern is a number or a name HTML knows."""
    name = match[1]
    return name is None or f"{name};" in html5


def find_entities(text: str) -> list[re.Match[str]]:
    """Return the character references that are beyond doubt: closed by ";" and known."""
    return [match for match in _ENTITY.finditer(text) if is_entity(match)]


@dataclass(slots=True)
class _Reduction:
    """One pass over a text, tag by tag."""

    text: str
    pieces: list[str] = field(default_factory=list)
    found: bool = False
    keeps_lines: bool = True
    depth: int = 0
    swallowed: int = 0
    last_closings: dict[str, int] | None = None

    def result(self) -> Markup | None:
        """Return what the pass found."""
        if not self.found:
            return None
        return Markup("".join(self.pieces), self.keeps_lines)

    def run(self) -> None:
        """Walk through the text once, writing it anew."""
        text, pieces, position = self.text, self.pieces, 0
        while mark := _MARK.search(text, position):
            start = mark.start()
            pieces.append(text[position:start].replace("<", "&lt;"))
            if text[start] == "&":
                entity = _ENTITY.match(text, start)
                known = entity is not None and is_entity(entity)
                pieces.append("&" if known else "&amp;")
                position = start + 1
                continue
            end = self._tag(start)
            if end is None:
                pieces.append("&lt;")
                position = start + 1
            else:
                self.found = True
                position = end
        pieces.append(text[position:].replace("<", "&lt;"))

    def _tag(self, start: int) -> int | None:
        """Write the tag that opens here and return where it ends, or None if none does."""
        following = self.text[start + 1 : start + 2]
        if following in {"!", "?"}:
            return self._comment_end(start)
        next_start = self.text.find("<", start + 1)
        if next_start < 0:
            next_start = len(self.text)
        match = _TAG.match(self.text, start, max(next_start, start + _REACH))
        if match is None:
            return None
        name, is_closing = match["name"].lower(), bool(match["slash"])
        if not self._is_element(name, match):
            return None
        if name in _DROPPED and not is_closing:
            return self._end_of_dropped(name, match.end())
        self._write(name, match["attributes"], is_closing)
        return match.end()

    def _comment_end(self, start: int) -> int | None:
        """Return where the comment or declaration that opens here ends, if it does."""
        if self.text.startswith("<!--", start):
            closings = self._closings()
            if start + 4 > closings.get("--", -1):
                return None
            return self.text.index("-->", start + 4) + 3
        match = _COMMENT.match(self.text, start)
        return match.end() if match else None

    def _is_element(self, name: str, match: re.Match[str]) -> bool:
        """Return whether a well-formed tag is one of HTML's, rather than a word in brackets."""
        if ":" in name:
            return name.startswith(_OFFICE_PREFIXES)
        if name not in _KNOWN:
            return False
        if match["slash"]:
            return True
        if name in _BARE_IS_TEXT:
            return bool(match["attributes"])
        if name in _PAIRED or name in _PAIRED_BLOCKS or name in _DROPPED:
            return self._closings().get(name, -1) >= match.end()
        return True

    def _closings(self) -> dict[str, int]:
        """Return where each element is closed for the last time, and the last comment."""
        if self.last_closings is None:
            self.last_closings = {
                match[1].lower(): match.start() for match in _CLOSING.finditer(self.text)
            }
            self.last_closings["--"] = self.text.rfind("-->")
        return self.last_closings

    def _end_of_dropped(self, name: str, position: int) -> int:
        """Return where an element that is left out as a whole ends."""
        pattern = re.compile(rf"</{name}(?:[\s/][^<>]{{0,200}}+)?>", re.IGNORECASE)
        match = pattern.search(self.text, position)
        return match.end() if match else position

    def _write(self, name: str, attributes: str, is_closing: bool) -> None:
        """Write a tag in its reduced form."""
        if name in _LINES or name in _PAIRED_BLOCKS:
            name = "div"
        nests = name in _NESTING or name == "div"
        if not nests and name not in _STRUCTURE:
            return
        if name not in _KEEPS_LINES:
            self.keeps_lines = False
        if nests and not self._fits(is_closing):
            self.pieces.append("<br>")
            return
        if is_closing:
            self.pieces.append(f"</{name}>")
        elif name in _WITH_ATTRIBUTES and attributes:
            clean = attributes.replace("<", "&lt;").rstrip("/")
            self.pieces.append(f"<{name} {clean.lstrip('/')}>")
        else:
            self.pieces.append(f"<{name}>")

    def _fits(self, is_closing: bool) -> bool:
        """Count a nesting element and return whether it is within the bound."""
        if is_closing:
            if self.swallowed:
                self.swallowed -= 1
                return False
            self.depth = max(0, self.depth - 1)
            return True
        if self.depth >= _DEEPEST_NESTING:
            self.swallowed += 1
            return False
        self.depth += 1
        return True
