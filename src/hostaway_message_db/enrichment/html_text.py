"""The text of reduced HTML: lines, lists, tables and links as one reads them."""

import re
from dataclasses import dataclass, field
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from hostaway_message_db.enrichment.markup import Markup

# Line ends an element asks for before and after itself: 1 ends the line, 2 leaves one empty.
_BREAKS: Final = {
    "div": 1,
    "li": 1,
    "tr": 1,
    "caption": 1,
    "hr": 2,
    "p": 2,
    "h1": 2,
    "h2": 2,
    "h3": 2,
    "h4": 2,
    "h5": 2,
    "h6": 2,
    "blockquote": 2,
    "pre": 2,
    "table": 2,
}
_LISTS: Final = frozenset({"ul", "ol"})
_CELLS: Final = frozenset({"td", "th"})
_SPACE: Final = re.compile(r"[ \t\n\r\f]+")
_INVISIBLE: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_TINY: Final = re.compile(r"\s*0*[01]\s*(?:px)?\s*")
_URL_DECORATION: Final = re.compile(r"^https?://(?:www\.)?|^www\.|/$")
_NOT_DIGIT: Final = re.compile(r"\D+")
_DEEPEST_INDENTATION: Final = 5
_CELL_SEPARATOR: Final = " | "


def render_markup(markup: Markup) -> str:
    """Return the text of reduced HTML.

    Linear in the markup; lines may still end in spaces and be parted by many empty lines.
    """
    renderer = _Renderer(keeps_lines=markup.keeps_lines)
    body = LexborHTMLParser(markup.source).body
    if body is not None:
        _walk(body, renderer)
    return "".join(renderer.parts)


def _walk(body: LexborNode, renderer: "_Renderer") -> None:
    """Enter and leave each node below the body in order, without recursion."""
    node = body.child
    ancestors: list[tuple[LexborNode, str]] = []
    while node is not None:
        name = node.tag or ""
        if name == "-text":
            renderer.text(node.text_content or "")
        else:
            renderer.enter(name, node)
            child = node.child
            if child is not None:
                ancestors.append((node, name))
                node = child
                continue
            renderer.leave(name)
        following = node.next
        while following is None and ancestors:
            node, name = ancestors.pop()
            renderer.leave(name)
            following = node.next
        node = following


@dataclass(slots=True)
class _List:
    """A list that is open: the number of its next item, or None for a list of dashes."""

    number: int | None


@dataclass(slots=True)
class _Link:
    """A link that is open: where it goes and where its label starts among the parts."""

    target: str
    start: int


@dataclass(slots=True)
class _Renderer:
    """The text so far, and what the next piece of it has to be preceded by."""

    keeps_lines: bool
    parts: list[str] = field(default_factory=list)
    breaks: int = 0
    space: bool = False
    marker: str = ""
    separator: bool = False
    fresh_cell: bool = False
    lists: list[_List] = field(default_factory=list)
    links: list[_Link] = field(default_factory=list)
    rows: list[bool] = field(default_factory=list)
    verbatim: int = 0

    def enter(self, name: str, node: LexborNode) -> None:
        """Begin an element."""
        if name == "br":
            self.breaks += 1
            self.separator, self.fresh_cell = False, False
        elif name == "img":
            self._image(node.attributes)
        elif name == "a":
            self.links.append(_Link(node.attributes.get("href") or "", len(self.parts)))
        elif name in _CELLS:
            self._cell()
        else:
            self._break(name)
            if name == "li":
                self._item()
            elif name == "tr":
                self.rows.append(False)
            elif name == "pre":
                self.verbatim += 1
            elif name in _LISTS:
                self.lists.append(_List(_first_number(node) if name == "ol" else None))

    def leave(self, name: str) -> None:
        """End an element."""
        if name == "a":
            self._end_link()
            return
        if name == "tr":
            self._end_row()
        elif name in _CELLS:
            self.breaks = min(self.breaks, 1)
        elif name == "pre":
            self.verbatim -= 1
        elif name == "li":
            self.marker = ""
        self._break(name)
        if name in _LISTS:
            self.lists.pop()

    def text(self, text: str) -> None:
        """Add text as the source has it."""
        if not (self.keeps_lines or self.verbatim):
            self._add(_SPACE.sub(" ", text))
            return
        for number, line in enumerate(text.split("\n")):
            if number:
                self.breaks += 1
            if line.strip():
                self._write(line)
            elif line:
                self.space = True

    def _add(self, text: str) -> None:
        """Add text whose white space is single spaces."""
        words = text.strip(" ")
        if text[:1] == " ":
            self.space = True
        if words:
            self._write(words)
            self.space = text[-1] == " "

    def _write(self, text: str) -> None:
        """Add text after the line ends, the list marker or the space it is to be preceded by."""
        if self.separator and self.parts:
            self.parts.append(_CELL_SEPARATOR)
        elif self.breaks and self.parts:
            self.parts.append("\n" * min(self.breaks, 2))
        elif self.space and self.parts:
            self.parts.append(" ")
        self.parts.append(self.marker + text)
        self.breaks, self.space, self.marker = 0, False, ""
        self.separator, self.fresh_cell = False, False
        if self.rows:
            self.rows[-1] = True

    def _break(self, name: str) -> None:
        """Ask for the line ends of an element, but not at the start of a cell."""
        wanted = _BREAKS.get(name, 0)
        if name in _LISTS:
            wanted = 1 if any(self.lists) else 2
        if wanted and not self.fresh_cell:
            self.breaks = max(self.breaks, wanted)

    def _cell(self) -> None:
        """Begin a cell: a bar parts it from the text of the cells before it."""
        self.fresh_cell = bool(self.rows)
        if self.rows and self.rows[-1]:
            self.breaks, self.separator = 0, True

    def _end_row(self) -> None:
        """End a row of a table."""
        self.separator, self.fresh_cell = False, False
        if self.rows and self.rows.pop() and self.rows:
            self.rows[-1] = True

    def _item(self) -> None:
        """Begin an item of a list."""
        indentation = "  " * min(len(self.lists) - 1, _DEEPEST_INDENTATION)
        number = self.lists[-1].number if self.lists else None
        if number is None:
            self.marker = f"{indentation}- "
        else:
            self.marker = f"{indentation}{number}. "
            self.lists[-1].number = number + 1

    def _image(self, attributes: dict[str, str | None]) -> None:
        """Add what an image says of itself, if it can be seen."""
        description = " ".join((attributes.get("alt") or "").split())
        if description and not _is_hidden(attributes):
            self._write(description)

    def _end_link(self) -> None:
        """End a link: its target follows its label, unless the label says it."""
        if not self.links:
            return
        link = self.links.pop()
        target = _readable_target(link.target)
        label = "".join(self.parts[link.start :]).strip()
        if not target:
            return
        if not label:
            self._write(target)
        elif not _says(label, target):
            self.parts.append(f" ({target})")


def _first_number(node: LexborNode) -> int:
    """Return the number a numbered list starts at."""
    start = (node.attributes.get("start") or "").strip()
    return int(start) if start.isdecimal() and len(start) < len("1000000") else 1


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    """Return whether an image is there to be loaded, not to be seen."""
    if "hidden" in attributes or _INVISIBLE.search(attributes.get("style") or ""):
        return True
    return any(_TINY.fullmatch(attributes.get(side) or "") for side in ("width", "height"))


def _readable_target(target: str) -> str:
    """Return where a link goes as one reads it: a web address, a mail address or a number."""
    target = "".join(target.split())
    scheme, colon, rest = target.partition(":")
    match scheme.lower() if colon else "":
        case "http" | "https":
            return target
        case "mailto" | "tel" | "sms":
            return rest.partition("?")[0]
        case _:
            return f"https:{target}" if target.startswith("//") else ""


def _says(label: str, target: str) -> bool:
    """Return whether a link's label already shows where it goes."""
    if target in label or _bare(label) == _bare(target):
        return True
    digits = _NOT_DIGIT.sub("", target)
    is_number = bool(digits) and "." not in target and "@" not in target and ":" not in target
    return is_number and digits in _NOT_DIGIT.sub("", label)


def _bare(address: str) -> str:
    """Return an address without what it may be written without."""
    return _URL_DECORATION.sub("", address.strip().lower())
