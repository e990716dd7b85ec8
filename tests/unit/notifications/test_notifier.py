"""Who is told when: the first failure, the end, on wish every run; delivered or again."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hostaway_message_db.errors import DatabaseUnavailable, NotDelivered
from hostaway_message_db.notifications.heartbeat import Heartbeat
from hostaway_message_db.notifications.incidents import FileMemory
from hostaway_message_db.notifications.notice import Notice
from hostaway_message_db.notifications.notifier import Notifier
from hostaway_message_db.ports import Incident, IncidentMemory, JobOutcome
from support.calendar import CalendarClock
from unit.notifications.conftest import facts

GOOD, BAD = JobOutcome.COMPLETE, JobOutcome.FAILED


@dataclass(slots=True)
class Told:
    """A channel that keeps what it is given, or takes nothing."""

    name: str = "test"
    is_broken: bool = False
    notices: list[Notice] = field(default_factory=list)

    async def deliver(self, notice: Notice) -> None:
        if self.is_broken:
            raise NotDelivered("the channel is broken")
        self.notices.append(notice)

    @property
    def kinds(self) -> list[str]:
        return [notice.kind.value for notice in self.notices]


class Away:
    """A store that cannot be asked."""

    async def begin(self, _account_id: str, _now: datetime) -> bool:
        raise DatabaseUnavailable("away")

    async def end(self, _account_id: str) -> Incident | None:
        raise DatabaseUnavailable("away")

    async def untell(self, _account_id: str) -> None:
        raise DatabaseUnavailable("away")

    async def restore(self, _account_id: str, _incident: Incident) -> None:
        raise DatabaseUnavailable("away")


@dataclass(slots=True)
class Team:
    """A notifier with what it works on."""

    clock: CalendarClock
    folder: Path
    store: IncidentMemory | None
    channels: list[Told] = field(default_factory=lambda: [Told()])
    wants_summary: bool = False
    heartbeat: Heartbeat | None = None

    async def tell(self, *outcomes: JobOutcome) -> None:
        for outcome in outcomes:
            # Each run is a process of its own: nothing is remembered but in the memories.
            notifier = Notifier(
                self.channels,
                self.heartbeat,
                FileMemory(self.folder / "file"),
                self.clock,
                wants_summary=self.wants_summary,
            )
            await notifier.tell(facts(outcome, exit_code=1), self.store)
            self.clock.moment += timedelta(days=1)


def memory_of(kind: str, folder: Path) -> IncidentMemory | None:
    if kind == "store":
        return FileMemory(folder / "store")
    return Away() if kind == "away" else None


@pytest.fixture(params=["store", "away", "none"])
def team(request: pytest.FixtureRequest, tmp_path: Path, clock: CalendarClock) -> Team:
    return Team(clock, tmp_path, memory_of(request.param, tmp_path))


async def test_failures_are_one_notice_and_their_end_another(team: Team) -> None:
    await team.tell(GOOD, BAD, BAD, JobOutcome.PARTIAL, JobOutcome.ATTENTION, GOOD, GOOD, BAD)
    (told,) = team.channels
    assert told.kinds == ["failure", "recovery", "failure"]
    assert "Since 2026-05-03 01:20 UTC, 4 runs" in " ".join(told.notices[1].sentences)


async def test_with_summaries_every_run_is_told_of_once(team: Team) -> None:
    team.wants_summary = True
    await team.tell(GOOD, BAD, BAD, GOOD, GOOD)
    assert team.channels[0].kinds == ["summary", "failure", "summary", "recovery", "summary"]


async def test_what_was_not_delivered_is_told_by_the_next_run(team: Team) -> None:
    (told,) = team.channels
    told.is_broken = True
    await team.tell(BAD, BAD)
    told.is_broken = False
    await team.tell(BAD, BAD)
    assert told.kinds == ["failure"]
    told.is_broken = True
    await team.tell(GOOD)
    told.is_broken = False
    await team.tell(GOOD, GOOD)
    assert told.kinds == ["failure", "recovery"]
    assert "4 runs" in " ".join(told.notices[1].sentences)


async def test_one_channel_that_works_is_enough(team: Team) -> None:
    broken, working = Told("broken", is_broken=True), Told("working")
    team.channels = [broken, working]
    await team.tell(BAD, BAD, GOOD)
    assert working.kinds == ["failure", "recovery"]


@pytest.mark.parametrize("outcome", [JobOutcome.BUSY, JobOutcome.SKIPPED, JobOutcome.INTERRUPTED])
async def test_what_is_no_run_is_not_told(team: Team, outcome: JobOutcome) -> None:
    team.wants_summary = True
    await team.tell(outcome)
    assert team.channels[0].notices == []


async def test_without_a_channel_nothing_is_remembered(team: Team, tmp_path: Path) -> None:
    team.channels = []
    await team.tell(BAD, GOOD)
    assert await FileMemory(tmp_path / "file").end("61234") is None
    assert await FileMemory(tmp_path / "store").end("61234") is None


async def test_a_broken_heartbeat_stops_nothing(team: Team) -> None:
    team.heartbeat = Heartbeat("http://127.0.0.1:9/", timeout_seconds=0.5)
    team.wants_summary = True
    await team.tell(GOOD)
    assert team.channels[0].kinds == ["summary"]


async def test_a_failure_while_the_store_was_away_is_ended_when_it_is_back(
    tmp_path: Path, clock: CalendarClock
) -> None:
    team = Team(clock, tmp_path, None)
    await team.tell(BAD, BAD)
    team.store = FileMemory(tmp_path / "store")
    await team.tell(GOOD, GOOD)
    assert team.channels[0].kinds == ["failure", "recovery"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"failing_since": "x"}', "null"])
async def test_a_damaged_file_is_as_good_as_none(
    tmp_path: Path, clock: CalendarClock, text: str
) -> None:
    (tmp_path / "incident-1.json").write_text(text)
    memory = FileMemory(tmp_path)
    assert await memory.begin("1", clock.now()) is True
    assert await memory.begin("1", clock.now()) is False


async def test_a_folder_that_cannot_be_written_to_stops_nothing(
    tmp_path: Path, clock: CalendarClock
) -> None:
    (tmp_path / "file").write_text("no folder")
    memory = FileMemory(tmp_path / "file")
    assert await memory.begin("1", clock.now()) is True
    assert await memory.end("1") is None
