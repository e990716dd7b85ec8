"""Lists of words in data files: `[section]`, then words parted by bars, then an empty line."""

from functools import cache
from importlib.resources import files


@cache
def word_list(file_name: str, section: str) -> tuple[str, ...]:
    """Return the words of a section; raises `KeyError` when the file has no such section."""
    text = files(__package__).joinpath(file_name).read_text(encoding="utf-8")
    _, heading, rest = text.partition(f"[{section}]\n")
    if not heading:
        raise KeyError(section)
    lines = rest.partition("\n\n")[0].splitlines()
    return tuple(word for line in lines for word in line.split("|") if word)


@cache
def word_set(file_name: str, section: str) -> frozenset[str]:
    """Return the words of a section as a set."""
    return frozenset(word_list(file_name, section))
