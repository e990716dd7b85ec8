"""What a message says: phrases put together, plain from guests, often HTML from hosts.

Bodies are plain text or HTML with entities (API reference 7.4, 12 row 6).
"""

from typing import NamedTuple

from hostaway_message_db.simulator.dice import Dice
from hostaway_message_db.simulator.plans import Kind
from hostaway_message_db.simulator.texts import Phrases, load_texts

# The first greetings of a language suit a host as well; the others address the host.
HOST_GREETINGS = 2


class Setting(NamedTuple):
    """What the phrases name."""

    guest: str
    home: str
    city: str
    nights: int


def write_body(kind: Kind, phrases: Phrases, setting: Setting, dice: Dice) -> str:
    """Write the text of one message; a pure function of its arguments."""
    if kind == "attachment":
        return ""
    words = {
        "guest": setting.guest,
        "home": setting.home,
        "city": setting.city,
        "nights": setting.nights,
        "time": f"{dice.between(9, 22)}:{dice.pick(('00', '15', '30', '45'))}",
    }
    choices: tuple[str, ...] = getattr(phrases, kind)
    text = dice.pick(choices).format_map(words)
    if kind in {"welcome", "checkin", "checkout", "review"}:
        return _automated(kind, text, setting, dice)
    if kind in {"answer", "fix", "reply"}:
        return _from_host(dice.pick(phrases.greet[:HOST_GREETINGS]), text, dice)
    greeting = dice.pick(phrases.greet)
    return _from_guest(greeting, text, choices, words, dice)


def _from_guest(
    greeting: str, text: str, choices: tuple[str, ...], words: dict[str, object], dice: Dice
) -> str:
    parts = [text]
    if dice.chance(0.3):
        more = dice.pick(choices).format_map(words)
        if more != text:
            parts.append(more)
    if dice.chance(0.55):
        parts.insert(0, greeting)
    if dice.chance(0.2):
        parts.append(dice.pick(load_texts().emoji))
    if dice.chance(0.015):
        parts.append(dice.pick(load_texts().oddities))
    return ("\n" if dice.chance(0.2) else " ").join(parts)


def _from_host(greeting: str, text: str, dice: Dice) -> str:
    if dice.chance(0.5):
        return f"<p>{greeting}&nbsp;</p><p>{text.replace('&', '&amp;')}</p>"
    return f"{greeting}\n\n{text}" if dice.chance(0.6) else text


def _automated(kind: Kind, text: str, setting: Setting, dice: Dice) -> str:
    icons = {"welcome": "🎉", "checkin": "🔑", "checkout": "🧳", "review": "⭐"}
    place = f"<li>📍&nbsp;{setting.home}, {setting.city}</li>"
    items = f"{place}<li>🛏️&nbsp;&times;&nbsp;{setting.nights}</li>"
    rest = f"<ul>{items}</ul>" if kind != "review" else "<br />"
    style = ' style="margin:0"' if dice.chance(0.5) else ""
    return f"<div{style}><p>{icons[kind]}&nbsp;{text}</p>{rest}</div>"
