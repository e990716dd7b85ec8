"""Histories of an account and its copy, and what must hold in each of them."""

import shutil
import sys
import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from pymongo import MongoClient

from hostaway_message_db.api.hostaway_client import ClientOptions
from hostaway_message_db.errors import ExitCode
from hostaway_message_db.simulator import FaultRule, Switches, WorldOptions
from property.sync_machine.account import Account
from property.sync_machine.clock import HastyClock
from property.sync_machine.door import Cut
from property.sync_machine.runs import Event, Outcome, Syncs
from property.sync_machine.strategies import (
    BODIES,
    CONTENT,
    CUTS,
    GUESTS,
    HAPPENINGS,
    LISTINGS,
    LISTS,
    MOVING_FAULTS,
    NUMBERS,
    OVERLAPS,
    PRICES,
    ROW_FAULTS,
    SILENT,
    STEPS,
    TRANSPORT_FAULTS,
    WIRE,
    WORLDS,
    Happening,
    plans,
    some_of,
    switches_at_first,
)
from support.truth import stored

Document = dict[str, Any]
NEVER = 10**6
ODD_WAYS = ("late", "moves no stamp", "scheduled before another", "a scheduled one is released")
MOST_RUNS_OF_A_SHUFFLED_LIST = 8


class SyncMachine(RuleBasedStateMachine):
    """Whatever announced changes, faults and cuts: one normal, healthy run makes it good.

    Every change here leaves a trace in a list (a stamp, `updatedOn`, a name). So it is
    also demanded after each run that says it is complete, however much went wrong in it:
    if the account stood still meanwhile, the store is the account, field by field.
    """

    is_silent: ClassVar[bool] = False
    max_failed_runs: ClassVar[int] = NEVER

    _options: dict[str, Any]

    def __init__(self, mongodb: MongoClient[Document], mongodb_uri: str) -> None:
        super().__init__()
        self._mongodb = mongodb
        self._data_dir = Path(tempfile.mkdtemp(prefix="sync-machine-"))
        self._syncs = Syncs(mongodb, mongodb_uri, f"test_{uuid.uuid4().hex}", self._data_dir)
        self._account: Account | None = None

    @property
    def account(self) -> Account:
        """Return the account of this history."""
        if self._account is None:
            raise RuntimeError("a history begins with its account")
        return self._account

    @initialize(
        options=WORLDS,
        switches=switches_at_first(),
        concurrency=st.sampled_from([1, 4]),
        overlap=OVERLAPS,
        first_cut=st.none() | CUTS,
    )
    def account_opens(
        self,
        options: WorldOptions,
        switches: Switches,
        concurrency: int,
        overlap: timedelta,
        first_cut: Cut | None,
    ) -> None:
        """Begin with any account, any Hostaway, and half the time a first load that is cut."""
        self._options = {
            "concurrency": concurrency,
            "reservations_overlap": overlap,
            "max_failed_runs": self.max_failed_runs,
        }
        self._account = Account(options, switches)
        self._account.__enter__()
        self._clock = HastyClock(datetime.fromtimestamp(self._account.world.now, UTC))
        self._client = ClientOptions(
            base_url=self._account.base_url,
            account_id=options.account_id,
            api_key=options.api_key,
            request_delay_seconds=0.0,
            timeout_seconds=10.0,
            max_retries=4,
            page_size=500,
            concurrency=concurrency,
            data_dir=self._data_dir,
        )
        if first_cut is not None:
            self._run(cut=first_cut)

    # --- what guests, hosts and Hostaway do ------------------------------------------------

    @rule(number=NUMBERS, body=BODIES, direction=st.sampled_from(["incoming", "outgoing"]))
    def message_comes(self, number: int, body: str, direction: str) -> None:
        self.account.add_message(number, body, direction=direction)

    @rule(number=NUMBERS, how=st.sampled_from(ODD_WAYS))
    def message_comes_in_an_odd_way(self, number: int, how: str) -> None:
        match how:
            case "late":
                self.account.add_late_message(number, days=number * 20)
            case "moves no stamp":
                self.account.add_unannounced_message(number)
            case "scheduled before another":
                self.account.schedule_message(number)
                self.account.add_message(number, "after the scheduled one")
            case _:
                self.account.release_message(number)

    @rule(number=NUMBERS, body=BODIES, is_inquiry=st.booleans())
    def conversation_begins(self, number: int, body: str, is_inquiry: bool) -> None:
        inquiry = {"status": "inquiry", "phone": None} if is_inquiry else {}
        self.account.add_conversation(number, body, **inquiry)

    @rule(first=NUMBERS, count=st.integers(1, 4), fields=PRICES | GUESTS)
    def reservations_change(self, first: int, count: int, fields: dict[str, Any]) -> None:
        for number in range(first, first + count):
            self.account.change_reservation(number, **fields)

    @rule(number=NUMBERS, fields=LISTINGS)
    def listing_changes(self, number: int, fields: dict[str, Any]) -> None:
        self.account.change_listing(number, **fields)

    @rule(hours=st.sampled_from([1, 13, 100]))
    def time_passes(self, hours: int) -> None:
        self._clock.forward(hours * 3600)
        self.account.pass_time(hours * 3600)

    @rule(chosen=some_of(WIRE))
    def hostaway_behaves_otherwise(self, chosen: dict[str, Any]) -> None:
        self.account.switch(**chosen)

    # --- runs ------------------------------------------------------------------------------

    @rule(is_full=st.booleans())
    def run_in_good_health(self, is_full: bool) -> None:
        self._run(is_full=is_full)

    @rule(faults=plans(TRANSPORT_FAULTS, MOVING_FAULTS), seed=NUMBERS)
    def run_through_faults(self, faults: list[FaultRule], seed: int) -> None:
        self._run(faults=faults, seed=seed)

    @rule(path=LISTS, page=st.integers(1, 3))
    def run_in_which_a_list_breaks_off(self, path: str, page: int) -> None:
        self._run(faults=[FaultRule(effect="fail_200", path=path, nth=page)])

    @rule(cut=CUTS, faults=st.just([]) | plans(TRANSPORT_FAULTS, MOVING_FAULTS), seed=NUMBERS)
    def run_is_cut(self, cut: Cut, faults: list[FaultRule], seed: int) -> None:
        self._run(cut=cut, faults=faults, seed=seed)

    @rule(step=STEPS, happening=HAPPENINGS)
    def run_while_something_happens(self, step: int, happening: Happening) -> None:
        self._run(event=Event(step, lambda: happening(self.account)))

    def _run(
        self,
        *,
        faults: list[FaultRule] | None = None,
        cut: Cut | None = None,
        event: Event | None = None,
        seed: int = 1,
        is_full: bool = False,
    ) -> Outcome:
        """Run once, and check all that must hold after every run."""
        has_counts = self.account.switches.count == "present"
        # Without a count, an empty page is the end of a list: nobody could tell.
        rules = [f for f in faults or [] if has_counts or f.effect != "empty_page"]
        self.account.set_faults(rules, seed)
        before = self.account.world.now
        outcome = self._syncs.run(
            self._client,
            self._clock,
            cut=cut,
            event=event,
            is_full=is_full,
            **self._options,
        )
        self.account.set_faults()
        _nothing(self._syncs.reader.losses)
        _nothing(self._syncs.unbalanced())
        _nothing(self.account.wrongly_unsent(self._syncs.database))
        stood_still = before == self.account.world.now
        brings_everything = is_full or not self.is_silent
        if outcome.is_complete and stood_still and brings_everything:
            _nothing(self.account.differences(self._syncs.database))
        return outcome

    # --- the end of a history --------------------------------------------------------------

    def _run_until_complete(self, *, is_full: bool = False) -> None:
        """A healthy run is complete; only a list shuffled at each reading may need more."""
        is_shuffled = self.account.switches.conversation_order == "shuffled"
        left: list[str] = []
        for _ in range(MOST_RUNS_OF_A_SHUFFLED_LIST if is_shuffled else 1):
            outcome = self._run(is_full=is_full)
            assert outcome.report is not None, f"a healthy run ended with {outcome.error!r}"
            if outcome.is_complete:
                assert outcome.report.exit_code == ExitCode.COMPLETE
                return
            left = [f"{failure.subject}: {failure.reason}" for failure in outcome.report.failures]
        raise AssertionError(f"healthy runs left {left}")

    def _close_history(self) -> None:
        self._run_until_complete(is_full=self.is_silent)
        database = self._syncs.database
        _nothing(self.account.differences(database))
        before = stored(database)
        self._run_until_complete()
        _nothing(
            [name for name, documents in stored(database).items() if documents != before[name]]
        )

    def teardown(self) -> None:
        try:
            if self._account is not None and sys.exc_info()[0] is None:
                self._close_history()
        finally:
            if self._account is not None:
                self._account.__exit__(None, None, None)
            self._mongodb.drop_database(self._syncs.database.name)
            shutil.rmtree(self._data_dir)


def _nothing(found: list[str]) -> None:
    assert not found, "\n".join(found[:20])


class SilentChangesMachine(SyncMachine):
    """Changes that no list shows, and rows that cannot be read, too: one `--full` run heals."""

    is_silent: ClassVar[bool] = True
    max_failed_runs: ClassVar[int] = 3

    @rule(number=NUMBERS, body=BODIES)
    def message_is_edited(self, number: int, body: str) -> None:
        self.account.edit_message(number, body)

    @rule(number=NUMBERS)
    def message_is_unsent(self, number: int) -> None:
        self.account.unsend_message(number)

    @rule(number=NUMBERS, change=st.sampled_from(["seen", "scheduled", "photo", "public file"]))
    def message_changes_silently(self, number: int, change: str) -> None:
        match change:
            case "seen":
                self.account.mark_seen(number)
            case "scheduled":
                self.account.schedule_message(number)
            case _:
                self.account.attach(number, is_public=change == "public file")

    @rule(chosen=some_of({**CONTENT, **SILENT}))
    def rows_look_otherwise(self, chosen: dict[str, Any]) -> None:
        self.account.switch(**chosen)

    @rule(faults=plans(ROW_FAULTS, TRANSPORT_FAULTS), seed=NUMBERS)
    def run_through_odd_rows(self, faults: list[FaultRule], seed: int) -> None:
        self._run(faults=faults, seed=seed)
