"""Where each setting came from, for `doctor`."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import SecretStr

from hostaway_message_db.config import Settings
from hostaway_message_db.setting_sources import dotenv, environment

Origin = Literal["environment", ".env", "default"]


@dataclass(frozen=True, slots=True)
class SettingOrigin:
    """One setting as `doctor` shows it: its value, masked where secret, and where from."""

    name: str
    value: str
    origin: Origin


def describe_settings(settings: Settings) -> list[SettingOrigin]:
    """List every setting with its value (secrets masked) and where it came from."""
    from_environment, from_file = environment(), dotenv()
    described: list[SettingOrigin] = []
    for name in Settings.model_fields:
        origin: Origin = "default"
        if name in from_environment:
            origin = "environment"
        elif name in from_file:
            origin = ".env"
        described.append(SettingOrigin(name.upper(), _shown(getattr(settings, name)), origin))
    return described


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else ""
    if isinstance(value, tuple):
        return ", ".join(_shown(part) for part in value)
    return "" if value is None else str(value)
