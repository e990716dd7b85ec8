"""Who is told what after a run; nothing that goes wrong here touches the run."""

from collections.abc import Sequence

from hostaway_message_db.errors import NotDelivered
from hostaway_message_db.notifications.channel import Channel
from hostaway_message_db.notifications.heartbeat import Heartbeat
from hostaway_message_db.notifications.incidents import FileMemory, Incidents
from hostaway_message_db.notifications.notice import Notice, NoticeKind, RunFacts, compose
from hostaway_message_db.ports import Incident, IncidentMemory, JobOutcome
from hostaway_message_db.utils.clock import Clock
from hostaway_message_db.utils.logger import get_logger

log = get_logger(__name__)

_TOLD_OF = {
    JobOutcome.COMPLETE,
    JobOutcome.ATTENTION,
    JobOutcome.PARTIAL,
    JobOutcome.FAILED,
}


class Notifier:
    """Tells people of the first failure in a row, of its end, and on wish of every run."""

    def __init__(
        self,
        channels: Sequence[Channel],
        heartbeat: Heartbeat | None,
        file: FileMemory,
        clock: Clock,
        *,
        wants_summary: bool,
    ) -> None:
        self._channels = channels
        self._heartbeat = heartbeat
        self._file = file
        self._clock = clock
        self._wants_summary = wants_summary

    async def tell(self, facts: RunFacts, store: IncidentMemory | None) -> None:
        """Tell how a run went, in bounded time; what is not delivered is logged.

        `store` remembers what was told before; None when it cannot be asked.
        """
        if facts.outcome not in _TOLD_OF:
            return
        if facts.outcome is JobOutcome.COMPLETE and self._heartbeat is not None:
            await self._beat(self._heartbeat)
        if not self._channels:
            return
        incidents = Incidents(facts.account_id, store, self._file)
        ended: Incident | None = None
        if facts.outcome is JobOutcome.COMPLETE:
            ended = await incidents.end()
            news = NoticeKind.RECOVERY if ended else None
        else:
            news = NoticeKind.FAILURE if await incidents.begin(self._clock.now()) else None
        kind = news or (NoticeKind.SUMMARY if self._wants_summary else None)
        if kind is None:
            return
        is_delivered = await self._deliver(compose(facts, kind, ended))
        if news and not is_delivered:
            await incidents.take_back(ended)

    async def _deliver(self, notice: Notice) -> bool:
        """Deliver by every channel; tell whether one took it."""
        is_delivered = False
        for channel in self._channels:
            try:
                await channel.deliver(notice)
            except NotDelivered as error:
                log.warning(
                    "notice_not_delivered",
                    channel=channel.name,
                    kind=notice.kind.value,
                    reason=error.message,
                    hint=error.hint,
                )
            else:
                is_delivered = True
                log.info("notice_delivered", channel=channel.name, kind=notice.kind.value)
        return is_delivered

    async def _beat(self, heartbeat: Heartbeat) -> None:
        try:
            await heartbeat.beat()
        except NotDelivered as error:
            log.warning("heartbeat_not_delivered", reason=error.message)
        else:
            log.info("heartbeat_delivered")
