"""`compose.yaml`: least privilege, no port for others, no secret where it is not needed."""

from typing import Any

import pytest
import yaml

from hostaway_message_db.cli.app import app
from hostaway_message_db.config import Settings
from support.installation import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("daily-job", "serve")


@pytest.mark.parametrize("name", OURS)
def test_our_services_may_do_no_more_than_they_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "user" not in service  # The image's own, who is not root.
    commands = {command.name or str(command.callback.__name__) for command in
                app.registered_commands if command.callback}  # fmt: skip
    assert set(service["command"]) <= commands


def test_nothing_is_published_beyond_this_machine() -> None:
    published = [str(port) for service in SERVICES.values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert "ports" not in SERVICES["mongodb"]
    assert SERVICES["mongodb"]["networks"] == ["store"]
    assert COMPOSE["networks"]["store"] == {"internal": True}


def test_the_api_needs_keys_and_knows_no_other_secret() -> None:
    service = SERVICES["serve"]
    assert "env_file" not in service
    given = service["environment"]
    assert given["WEB_API_KEYS"].startswith("${WEB_API_KEYS:?")
    assert "MONGODB_ROOT_PASSWORD" not in str(given)
    assert {name.lower() for name in given} <= Settings.model_fields.keys()
    assert not [name for name in given if name.startswith(("HOSTAWAY_", "SMTP_", "NOTIFY_"))]


def test_the_api_is_found_healthy_where_it_listens() -> None:
    service = SERVICES["serve"]
    (port,) = service["ports"]
    default = Settings.model_fields["web_port"].default
    assert port == f"127.0.0.1:${{WEB_PORT:-{default}}}:{default}"
    assert f"http://127.0.0.1:{default}/healthz" in service["healthcheck"]["test"][-1]
    assert "WEB_PORT" not in service["environment"]
