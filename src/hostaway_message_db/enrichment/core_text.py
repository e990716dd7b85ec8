"""What somebody wrote now: a message's text without the mail it answers and the signature.

Written line by line, so that the time is linear whatever comes in. Where it is in doubt whether
a line is quoted, it stays: a quotation too much misleads the labels, a request that was cut off
is lost.
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

from hostaway_message_db.enrichment.word_lists import word_list, word_set

_MOST_LINES: Final = 20_000
"""A text of more lines is no mail."""
_LONGEST_LINE: Final = 400
"""Longer lines are somebody's paragraphs: no mail program writes such a one."""
_MOST_WRAPPED_LINES: Final = 3
_MOST_HEADER_LINES: Final = 8
_FEWEST_HEADER_LINES: Final = 3
_MOST_SIGNATURE_LINES: Final = 10
_LONGEST_SIGNATURE_LINE: Final = 80
_MOST_WORDS_OF_A_NAME: Final = 4
_LONGEST_PARTICLE: Final = 3
"""In a name or title: "of", "van", "del"."""
_FEWEST_DIGITS_OF_A_PHONE: Final = 6
_FEWEST_DIGITS_OF_A_DATE: Final = 3
_FEWEST_DIGITS_OF_A_MOMENT: Final = 5
"""Of a day and a time. "At 10:30 my husband wrote:" is a story."""

_COLONS: Final = (":", "\uff1a")
_QUOTED: Final = re.compile(r"\s{0,3}(?:>{1,20}(?:\s|$)|>>)(?!.{0,200}<<\s*$)")
_ADDRESS: Final = re.compile(r"<\s?[^\s<>@]{1,100}@[^\s<>@]{1,100}\s?>")
_TIME: Final = re.compile(r"\d{1,2}\s?[:.hH\u6642\u65f6\uc2dc\u9ede\u70b9]\s?\d{0,2}")
_DIVIDER: Final = re.compile(
    r"[-_=*\u2014\s]{0,60}(?P<words>[^\-_=*\u2014:]{2,60}):?[-_=*\u2014\s]{0,60}"
)
_RULE: Final = re.compile(r"[-_=*\u2014\u2500\s]{5,200}|\*{3,}|-{2,}|_{2,}")
_REPLY_ABOVE: Final = re.compile(r"#{2,3}-.{1,200}-#{2,3}")
_HEADER: Final = re.compile(
    r"[*\s]{0,4}(?P<key>[^:\uff1a*\d]{1,24})\s?\*?[:\uff1a]\*?(?P<value>.*)"
)
_EMPTY_LINES: Final = re.compile(r"\n{3,}")
_PLACEHOLDER: Final = re.compile(
    r"\[(?:cid|image|inline image|imagen|bild)\b[^\[\]]{0,200}\]", re.IGNORECASE
)


def core_text(content: str) -> str:
    """Return the text without quoted mail, mail headers and signatures.

    Takes what `to_plain_text` made. Total and linear. Never empties a message: one that is nothing
    but a quotation or a signature is returned as it is.
    """
    if content.count("\n") > _MOST_LINES:
        return content
    lines = content.split("\n")
    kept = _without_signature(_without_history(lines))
    if len(kept) == len(lines):
        return content
    return _EMPTY_LINES.sub("\n\n", "\n".join(kept)).strip("\n ") or content


_words = partial(word_list, "mail_words.txt")
_word_set = partial(word_set, "mail_words.txt")


# --- quoted mail -------------------------------------------------------------------------------


def _without_history(lines: Sequence[str]) -> list[str]:
    """Drop quoted lines with what introduces them, and all after a mail's beginning."""
    kept: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        if _QUOTED.match(line):
            number += 1
        elif length := _attribution_length(lines, number):
            number += length
            if not _is_quoted_next(lines, number):
                break
        elif _starts_history(lines, number):
            break
        else:
            kept.append(line)
            number += 1
    return kept


def _is_quoted_next(lines: Sequence[str], number: int) -> bool:
    """Return whether the next line that holds anything is marked as a quotation."""
    for line in lines[number : number + 3]:
        if line.strip():
            return bool(_QUOTED.match(line))
    return False


def _attribution_length(lines: Sequence[str], number: int) -> int:
    """Return how many lines from here say who wrote when what follows; usually none."""
    joined = ""
    for count, line in enumerate(lines[number : number + _MOST_WRAPPED_LINES], 1):
        part = line.strip()
        if not part or len(joined) + len(part) > _LONGEST_LINE:
            return 0
        joined = f"{joined} {part}" if joined else part
        if part.endswith(_COLONS) and _is_attribution(joined):
            return count
        if count == 1 and not _may_start_attribution(part):
            return 0
    return 0


def _may_start_attribution(line: str) -> bool:
    """Return whether a line can be the first of several that say who wrote when."""
    if line[0].isdigit():
        return True
    word = line.casefold().split(None, 1)[0].strip(".,")
    return (
        word in _word_set("attribution_words")
        or word[:3] in _word_set("weekdays")
        or word in _word_set("weekdays")
        or line.startswith(_words("attribution_beginnings"))
    )


def _is_attribution(line: str) -> bool:
    """Return whether a line names a day, a person and, mostly, the writing."""
    digits = sum(map(str.isdigit, line))
    has_address = _ADDRESS.search(line) is not None
    if not (digits or has_address):
        return False
    has_time = _TIME.search(line) is not None
    if has_time and has_address:
        return True
    lowered = line.casefold()
    if not any(verb in lowered for verb in _words("wrote")):
        return False
    fewest = _FEWEST_DIGITS_OF_A_MOMENT if has_time else _FEWEST_DIGITS_OF_A_DATE
    return has_address or digits >= fewest


def _starts_history(lines: Sequence[str], number: int) -> bool:
    """Return whether a mail that was quoted or forwarded begins here."""
    line = lines[number].strip()
    if not line or len(line) > _LONGEST_LINE:
        return False
    if line[0] == "#":
        return _REPLY_ABOVE.fullmatch(line) is not None
    if line[0] in "-_=*\u2014" or line.endswith(":"):
        divider = _DIVIDER.fullmatch(line)
        if divider and _spelled(divider["words"]) in _word_set("divider_words"):
            return True
    return _starts_headers(lines, number)


def _spelled(words: str) -> str:
    return words.strip().casefold().replace("\u2019", "'")


def _starts_headers(lines: Sequence[str], number: int) -> bool:
    """Return whether the header of a mail begins here: from, date, to, subject.

    "From: Madrid, To: Lisbon" is a journey: a subject or a mail address must be among them.
    """
    first = _header(lines[number])
    if first is None or first[0] not in _word_set("from_keys"):
        return False
    headers = [first]
    for line in lines[number + 1 : number + 1 + _MOST_HEADER_LINES]:
        header = _header(line)
        if header is not None and _is_header_key(header[0]):
            headers.append(header)
        elif line.strip():
            break
    is_mail = any(key in _word_set("subject_keys") or "@" in value for key, value in headers)
    return is_mail and len(headers) >= _FEWEST_HEADER_LINES


def _is_header_key(key: str) -> bool:
    return any(key in _word_set(keys) for keys in ("other_keys", "subject_keys", "from_keys"))


def _header(line: str) -> tuple[str, str] | None:
    """Return a header line's name and value."""
    match = _HEADER.match(line) if len(line) <= _LONGEST_LINE else None
    return (_spelled(match["key"]), match["value"]) if match else None


# --- signatures --------------------------------------------------------------------------------


def _without_signature(lines: list[str]) -> list[str]:
    """Drop what programs and formal writers put at the end of a mail."""
    kept = _without_end(lines)
    for start in range(len(kept) - 1, max(len(kept) - _MOST_SIGNATURE_LINES, 1) - 1, -1):
        line = kept[start]
        below = kept[start + 1 :]
        if (line.strip() == "--" and _signs(below)) or (
            _is_closing(line) and all(map(_names_somebody, below))
        ):
            return _without_end(kept[:start])
    return kept


def _signs(lines: Sequence[str]) -> bool:
    """Return whether these lines below two dashes are a signature: a name first, no question."""
    first = next(filter(None, map(str.strip, lines)), "")
    return _names_somebody(first) and not any(map(_is_question, lines))


def _is_question(line: str) -> bool:
    return line.rstrip().endswith(("?", "\uff1f"))


def _without_end(lines: list[str]) -> list[str]:
    """Drop empty lines, rules, picture names and telephones' signatures from the end."""
    end = len(lines)
    while end > 0 and _is_end(lines[end - 1].strip()):
        end -= 1
    return lines[:end]


def _is_end(line: str) -> bool:
    if not line:
        return True
    if len(line) > 2 * _LONGEST_SIGNATURE_LINE:
        return False
    if _RULE.fullmatch(line) or _PLACEHOLDER.fullmatch(line):
        return True
    lowered = line.casefold().lstrip("*_ ")
    ends = _words("mobile_ends")
    return lowered.startswith(_words("mobile_starts")) or lowered.rstrip("._* ").endswith(ends)


def _is_closing(line: str) -> bool:
    bare = line.strip(" ,.!;\uff0c\u3002")
    return len(line) <= _LONGEST_SIGNATURE_LINE and bare.casefold() in _word_set("closings")


def _names_somebody(line: str) -> bool:
    """Return whether a line can be part of a signature: a name, an address, a number."""
    if len(line) > _LONGEST_SIGNATURE_LINE or _is_question(line):
        return False
    if "@" in line or "www." in line or "://" in line:
        return True
    words = line.split()
    if sum(map(str.isdigit, line)) >= _FEWEST_DIGITS_OF_A_PHONE:
        return True
    is_named = all(len(w) <= _LONGEST_PARTICLE for w in words if w[0].islower())
    return len(words) <= _MOST_WORDS_OF_A_NAME and is_named and not line[:1].islower()
