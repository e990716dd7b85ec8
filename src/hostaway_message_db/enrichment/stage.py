"""Where in a stay a message was written."""

from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_DAYS_BEFORE_ARRIVAL: Final = 7

# Statuses of a reservation that is not, or never became, a booking (API reference 9.4).
_NEVER_BOOKED: Final = frozenset(
    {
        "inquiry",
        "inquirypreapproved",
        "inquirydenied",
        "inquirytimedout",
        "inquirynotpossible",
        "pending",
        "awaitingpayment",
        "awaitingguestverification",
        "unconfirmed",
        "declined",
        "expired",
    },
)


class Stage(StrEnum):
    """The stage of a guest's stay at the moment of a message, in the listing's local days."""

    INQUIRY = "inquiry"
    BOOKED = "booked"
    PRE_ARRIVAL = "pre_arrival"
    ARRIVAL_DAY = "arrival_day"
    IN_STAY = "in_stay"
    DEPARTURE_DAY = "departure_day"
    AFTER = "after"


def find_stage(
    moment: datetime,
    reservation_status: str | None,
    arrival_date: date | None,
    departure_date: date | None,
    time_zone_name: str | None,
) -> Stage | None:
    """Return the stage of the stay at a moment, or None if status and dates do not tell it.

    Total. The status decides first: the inquiry family, and `pending`, `awaitingPayment`,
    `awaitingGuestVerification`, `unconfirmed`, `declined` and `expired`, which are not or never
    became bookings, are inquiries whatever their dates; every other status, `cancelled`,
    `unknown` and those not documented among them, goes by the dates (API reference 9.4).

    `booked` is more than seven days before arrival, `pre_arrival` the seven days before it.
    Days are those of the listing's IANA time zone (API reference 7.4), of UTC if the zone is
    missing or unknown; a moment without a zone is read as UTC. On a stay without a night the day
    is the arrival day, and a departure before the arrival counts as one on the same day. Dates
    that Hostaway made up, `isDatesUnspecified` (API reference 9.3), are to be given as None.
    """
    if reservation_status is not None and reservation_status.strip().lower() in _NEVER_BOOKED:
        return Stage.INQUIRY
    today = _local_day(moment, time_zone_name)
    if arrival_date is not None and today <= arrival_date:
        return _until_arrival((arrival_date - today).days)
    if departure_date is None:
        return None
    if arrival_date is not None:
        departure_date = max(arrival_date, departure_date)
    if today > departure_date:
        return Stage.AFTER
    if today == departure_date:
        return Stage.DEPARTURE_DAY
    return None if arrival_date is None else Stage.IN_STAY


def is_booked(reservation_status: str) -> bool:
    """Tell whether a reservation is, or before a cancellation was, a booking."""
    return reservation_status.strip().lower() not in _NEVER_BOOKED


def _until_arrival(days: int) -> Stage:
    """Return the stage so many days before arrival."""
    if days == 0:
        return Stage.ARRIVAL_DAY
    return Stage.BOOKED if days > _DAYS_BEFORE_ARRIVAL else Stage.PRE_ARRIVAL


def _local_day(moment: datetime, time_zone_name: str | None) -> date:
    """Return the calendar day of a moment where the listing is."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(_time_zone(time_zone_name)).date()
    except OverflowError:  # the first and the last day of the calendar
        return moment.date()


@lru_cache(maxsize=1024)
def _time_zone(name: str | None) -> tzinfo:
    """Return the zone of this name, or UTC if there is none."""
    if not name:
        return UTC
    try:
        return ZoneInfo(name.strip())
    except (KeyError, ValueError, OSError):  # unknown, malformed, a directory
        return UTC
