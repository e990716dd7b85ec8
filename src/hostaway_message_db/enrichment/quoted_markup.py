"""What a mail program marks as quoted in HTML, in whatever language it introduces it."""

import re
from typing import Final

_BLOCK: Final = re.compile(r"<(/?)blockquote\b([^<>]{0,2000})>", re.IGNORECASE)
_MARKED: Final = re.compile(
    r"\btype\s{0,3}=\s{0,3}[\"']?cite|\bcite\s{0,3}=|\b(?:gmail|yahoo|protonmail|tutanota)_quote",
    re.IGNORECASE,
)
_INTRODUCTION: Final = re.compile(
    r"<div\b[^<>]{0,500}\b(?:gmail_attr|moz-cite-prefix|yahoo-quoted-begin)\b[^<>]{0,500}>",
    re.IGNORECASE,
)
_END_OF_INTRODUCTION: Final = "</div>"
_QUOTED_LINE: Final = "<div>&gt;</div>"


def with_quotations_as_lines(body: str) -> str | None:
    """Return a message body with a line ">" for each block that a mail program marked as quoted.

    None if there are none. Total and linear. Blocks without such a mark are somebody's own
    quotations and stay; one that is not closed reaches to the end.
    """
    if "<" not in body or not _MARKED.search(body):
        return None
    pieces: list[str] = []
    position = depth = 0
    for match in _BLOCK.finditer(body):
        is_closing = bool(match[1])
        if not depth:
            if is_closing or not _MARKED.search(match[2]):
                continue
            pieces += (body[position : match.start()], _QUOTED_LINE)
            depth = 1
        else:
            depth += -1 if is_closing else 1
        position = match.end()
    if not pieces:
        return None
    if not depth:
        pieces.append(body[position:])
    return _without_introductions("".join(pieces))


def _without_introductions(body: str) -> str:
    """Drop the line that says who wrote what was quoted."""
    lowered = body.lower()
    if len(lowered) != len(body):
        return body
    pieces: list[str] = []
    position = 0
    for match in _INTRODUCTION.finditer(body):
        if match.start() < position:
            continue
        end = lowered.find(_END_OF_INTRODUCTION, match.end())
        if end < 0:
            break
        pieces.append(body[position : match.start()])
        position = end + len(_END_OF_INTRODUCTION)
    return "".join([*pieces, body[position:]])
