"""Where raw settings come from: the environment, and `.env` below it."""

import os
from pathlib import Path

from dotenv import dotenv_values

ENV_FILE = Path(".env")


def environment() -> dict[str, str]:
    """Return every variable that is not empty, by its name in small letters."""
    return {k.lower(): v for k, v in os.environ.items() if v}  # noqa: TID251 - its one home


def dotenv() -> dict[str, str]:
    """Return the same of `.env` in the working directory; nothing if that cannot be read."""
    if not ENV_FILE.is_file():
        return {}
    try:
        return {k.lower(): v for k, v in dotenv_values(ENV_FILE).items() if v}
    except (OSError, UnicodeDecodeError):
        return {}
