"""The stage of a stay by status, dates and the listing's clock."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from hostaway_message_db.enrichment.stage import Stage, find_stage

ARRIVAL = date(2025, 7, 10)
DEPARTURE = date(2025, 7, 14)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "stage"),
    [
        ("2025-01-01T00:00", "booked"),
        ("2025-07-02T23:59:59", "booked"),
        ("2025-07-03T00:00", "pre_arrival"),
        ("2025-07-09T23:59:59", "pre_arrival"),
        ("2025-07-10T00:00", "arrival_day"),
        ("2025-07-10T23:59:59", "arrival_day"),
        ("2025-07-11T00:00", "in_stay"),
        ("2025-07-13T23:59:59", "in_stay"),
        ("2025-07-14T00:00", "departure_day"),
        ("2025-07-14T23:59:59", "departure_day"),
        ("2025-07-15T00:00", "after"),
    ],
)
@pytest.mark.parametrize(
    "status",
    ["new", "modified", "cancelled", "ownerStay", "unknown", "neverSeen", "", None],
)
def test_a_booking_goes_by_its_dates(moment: str, stage: str, status: str | None) -> None:
    assert find_stage(at(moment), status, ARRIVAL, DEPARTURE, None) == stage


@pytest.mark.parametrize(
    "status",
    [
        "inquiry",
        "inquiryPreapproved",
        "inquiryDenied",
        "inquiryTimedout",
        "inquiryNotPossible",
        "pending",
        "awaitingPayment",
        "awaitingGuestVerification",
        "unconfirmed",
        "declined",
        "expired",
        " INQUIRY ",
    ],
)
@pytest.mark.parametrize("dates", [(ARRIVAL, DEPARTURE), (None, None)])
def test_what_is_no_booking_is_an_inquiry(
    status: str,
    dates: tuple[date | None, date | None],
) -> None:
    assert find_stage(at("2025-07-12"), status, *dates, None) is Stage.INQUIRY


@pytest.mark.parametrize(
    ("moment", "zone", "stage"),
    [
        ("2025-07-09T14:59", "Asia/Tokyo", "pre_arrival"),
        ("2025-07-09T15:00", "Asia/Tokyo", "arrival_day"),
        ("2025-07-10T03:59", "America/New_York", "pre_arrival"),
        ("2025-07-10T04:00", "America/New_York", "arrival_day"),
        ("2025-07-09T10:00", "Pacific/Kiritimati", "arrival_day"),
        ("2025-07-10T10:59", "Pacific/Pago_Pago", "pre_arrival"),
        ("2025-07-09T18:15", "Asia/Kathmandu", "arrival_day"),
        ("2025-07-09T18:14", "Asia/Kathmandu", "pre_arrival"),
    ],
)
def test_days_are_those_of_the_listing(moment: str, zone: str, stage: str) -> None:
    assert find_stage(at(moment), "new", ARRIVAL, DEPARTURE, zone) == stage


@pytest.mark.parametrize(
    ("moment", "arrival", "stage"),
    [
        ("2025-03-29T22:59", "2025-03-30", "pre_arrival"),
        ("2025-03-29T23:00", "2025-03-30", "arrival_day"),
        ("2025-03-30T21:59", "2025-03-30", "arrival_day"),
        ("2025-03-30T22:00", "2025-03-30", "in_stay"),
        ("2025-10-25T22:00", "2025-10-26", "arrival_day"),
        ("2025-10-26T22:59", "2025-10-26", "arrival_day"),
        ("2025-10-26T23:00", "2025-10-26", "in_stay"),
    ],
)
def test_the_days_the_clock_changes_have_23_and_25_hours(
    moment: str,
    arrival: str,
    stage: str,
) -> None:
    day = date.fromisoformat(arrival)
    departure = day + timedelta(days=5)
    assert find_stage(at(moment), "new", day, departure, "Europe/Madrid") == stage


@pytest.mark.parametrize(
    "zone",
    [None, "", "Nowhere/City", "America", "../etc", "/etc/passwd", "a\0b", "\ud800", "x" * 9000],
)
def test_an_unknown_zone_is_utc(zone: str | None) -> None:
    assert find_stage(at("2025-07-10T00:00"), "new", ARRIVAL, DEPARTURE, zone) == "arrival_day"
    assert find_stage(at("2025-07-09T23:59"), "new", ARRIVAL, DEPARTURE, zone) == "pre_arrival"


@pytest.mark.parametrize("departure", [ARRIVAL, date(2025, 7, 1)])
@pytest.mark.parametrize(
    ("moment", "stage"),
    [("2025-07-09", "pre_arrival"), ("2025-07-10", "arrival_day"), ("2025-07-11", "after")],
)
def test_a_stay_without_a_night_is_its_arrival_day(
    departure: date,
    moment: str,
    stage: str,
) -> None:
    assert find_stage(at(moment), "new", ARRIVAL, departure, None) == stage


@pytest.mark.parametrize(
    ("moment", "arrival", "departure", "stage"),
    [
        ("2025-07-09", ARRIVAL, None, "pre_arrival"),
        ("2025-07-10", ARRIVAL, None, "arrival_day"),
        ("2025-07-11", ARRIVAL, None, None),
        ("2025-07-13", None, DEPARTURE, None),
        ("2025-07-14", None, DEPARTURE, "departure_day"),
        ("2025-07-15", None, DEPARTURE, "after"),
        ("2025-07-15", None, None, None),
    ],
)
def test_one_date_tells_what_it_can(
    moment: str,
    arrival: date | None,
    departure: date | None,
    stage: str | None,
) -> None:
    assert find_stage(at(moment), "new", arrival, departure, None) == stage


def test_moments_in_other_zones_and_without_one() -> None:
    ahead = datetime(2025, 7, 10, 1, tzinfo=timezone(timedelta(hours=2)))
    assert find_stage(ahead, "new", ARRIVAL, DEPARTURE, None) is Stage.PRE_ARRIVAL
    naive = datetime(2025, 7, 10, 0, 0)  # noqa: DTZ001 - the point
    assert find_stage(naive, "new", ARRIVAL, DEPARTURE, None) is Stage.ARRIVAL_DAY


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_ends_of_the_calendar(zone: str) -> None:
    for year, month, day in ((1, 1, 1), (9999, 12, 31)):
        aware = datetime(year, month, day, 12, tzinfo=UTC)
        assert find_stage(aware, None, date.min, date.max, zone) in set(Stage)


def test_the_values_are_the_contract() -> None:
    assert [str(stage) for stage in Stage] == [
        "inquiry",
        "booked",
        "pre_arrival",
        "arrival_day",
        "in_stay",
        "departure_day",
        "after",
    ]
