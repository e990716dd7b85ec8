"""Every other channel: whatever Apprise has an address for."""

from hostaway_message_db.errors import NotDelivered
from hostaway_message_db.notifications.channel import in_thread
from hostaway_message_db.notifications.notice import Notice, NoticeKind
from hostaway_message_db.notifications.rendering import to_text

TIMEOUT_SECONDS = 30.0


class AppriseChannel:
    """Delivers notices to one Apprise address, which is a secret."""

    def __init__(self, url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds

    @property
    def name(self) -> str:
        """Return the kind of the channel, such as `slack`."""
        return self._url.partition("://")[0].lower()

    async def deliver(self, notice: Notice) -> None:
        """Deliver a notice as plain text; raises `NotDelivered`."""
        try:
            is_delivered = await in_thread(lambda: self._notify(notice), self._timeout_seconds)
        except TimeoutError as error:
            raise NotDelivered(
                f"{self.name} was not done within {self._timeout_seconds:g} s"
            ) from error
        except (OSError, TypeError, ValueError) as error:
            raise NotDelivered(f"{self.name} failed: {type(error).__name__}") from error
        if not is_delivered:
            raise NotDelivered(f"{self.name} did not take it", "Check its address in NOTIFY_URLS.")

    def _notify(self, notice: Notice) -> bool:
        import apprise  # noqa: PLC0415 - a third of a second, for those who use it

        types = {
            NoticeKind.FAILURE: apprise.NotifyType.FAILURE,
            NoticeKind.RECOVERY: apprise.NotifyType.SUCCESS,
            NoticeKind.SUMMARY: apprise.NotifyType.INFO,
        }
        sender = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Hostaway messages"))
        return sender.add(self._url) and bool(
            sender.notify(
                title=notice.subject,
                body=to_text(notice),
                notify_type=types[notice.kind],
                body_format=apprise.NotifyFormat.TEXT,
            )
        )
