"""How many histories the stateful test goes through: `HYPOTHESIS_PROFILE` chooses."""

import os
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, settings

DEFAULT_PROFILE = "dev"


@dataclass(frozen=True, slots=True)
class MachineProfile:
    """The settings of the stateful test alone; other property tests keep Hypothesis' own."""

    name: str
    settings: settings
    is_reproducible: bool
    timeout_seconds: int


def _profile(
    name: str, histories: int, steps: int, minutes: int, *, is_reproducible: bool
) -> MachineProfile:
    chosen = settings(
        max_examples=histories,
        stateful_step_count=steps,
        deadline=None,
        derandomize=is_reproducible,
        database=None,
        print_blob=not is_reproducible,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    return MachineProfile(name, chosen, is_reproducible, minutes * 60)


PROFILES = {
    profile.name: profile
    for profile in (
        _profile("dev", 6, 12, 5, is_reproducible=True),
        _profile("ci", 60, 20, 30, is_reproducible=False),
        _profile("deep", 500, 20, 360, is_reproducible=False),
    )
}


@pytest.fixture(scope="session")
def machine_profile() -> MachineProfile:
    """Return the profile that the environment chooses."""
    name = os.environ.get("HYPOTHESIS_PROFILE", DEFAULT_PROFILE)  # noqa: TID251 - the test's own
    if name not in PROFILES:
        raise pytest.UsageError(f"HYPOTHESIS_PROFILE is {name!r}: one of {', '.join(PROFILES)}")
    return PROFILES[name]
