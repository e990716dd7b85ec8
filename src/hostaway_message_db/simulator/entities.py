"""The further entities of the account: one table of lists, each with its sample row.

Endpoints, paging and shapes are those of the API reference, section 10 (reservation logs:
9.1). Filters are not understood here: like Hostaway with a parameter that it does not know,
each list answers with everything (section 0 no. 2); only the calendar's window is.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from hostaway_message_db.simulator.clock import DAY, day, read_stamp, stamp
from hostaway_message_db.simulator.dice import Dice
from hostaway_message_db.simulator.reservations import amount
from hostaway_message_db.simulator.routes import Call, Handler, Missing, Outcome, Page
from hostaway_message_db.simulator.wire import Row, plain
from hostaway_message_db.simulator.world import World

CAP = 500
DEFAULT_LIMIT = 100
DICE = 77
DEFAULT_CALENDAR_DAYS = 365
REVIEW_TEXTS = (
    "Lovely place, spotless and quiet.", "Wunderbare Lage, gerne wieder!",
    "Muy buena comunicación, todo perfecto.", "Great host. The wifi was a little slow.",
    "とても清潔で快適でした。", "Appartement conforme aux photos.",
)  # fmt: skip
TASK_TITLES = ("Cleaning", "Change linen", "Check the boiler", "Welcome basket")
LOGGED = (
    ("status", "Status", "new", "modified"),
    ("totalPrice", "Total price", "300", "320"),
    ("doorCode", "Door code", "4711", "0815"),
)


class Shelf(NamedTuple):
    """One list: where it is, how it comes, how many rows it has, and what each is."""

    path: str
    paging: str
    count: Callable[[World], int]
    row: Callable[[World, int], Row]


def _dice(world: World, number: int, index: int) -> Dice:
    return Dice(world.options.seed, DICE, number, index)


def _stay(world: World, index: int) -> Row:
    return world.reservation_row(index % world.conversation_count, with_resources=False)


def _review(world: World, index: int) -> Row:
    dice, stay = _dice(world, 1, index), _stay(world, 2 * index)
    is_done = str(plain(stay["departureDate"])) < day(world.now)
    rating = 6 + dice.below(5)
    return {
        "id": 7_000 + index,
        "accountId": world.account_id,
        "listingMapId": stay["listingMapId"],
        "reservationId": stay["id"],
        "autoReviewId": None,
        "channelId": stay["channelId"],
        "type": "guest-to-host",
        "status": "published" if is_done else "awaiting",
        "rating": rating if is_done and dice.chance(0.7) else None,
        "publicReview": dice.pick(REVIEW_TEXTS) if is_done else None,
        "privateFeedback": None,
        "revieweeResponse": None,
        "isCancelled": 0,
        "reviewCategory": [{"category": "cleanliness", "rating": rating}] if is_done else [],
        "submittedAt": f"{plain(stay['departureDate'])} 18:00:00" if is_done else None,
        "departureDate": f"{plain(stay['departureDate'])} 10:00:00",
        "arrivalDate": f"{plain(stay['arrivalDate'])} 15:00:00",
        "listingName": stay["listingName"],
        "guestName": stay["guestName"],
    }


def _task(world: World, index: int) -> Row:
    dice, stay = _dice(world, 2, index), _stay(world, 3 * index)
    is_done = str(plain(stay["departureDate"])) < day(world.now)
    return {
        "id": 11_000 + index,
        "listingMapId": stay["listingMapId"],
        "channelId": None,
        "reservationId": stay["id"],
        "assigneeUserId": 8801,
        "title": dice.pick(TASK_TITLES),
        "description": None,
        "canStartFrom": f"{plain(stay['departureDate'])} 11:00:00",
        "shouldEndBy": f"{plain(stay['departureDate'])} 15:00:00",
        "canStartFromEvent": "departure",
        "status": "completed" if is_done else "pending",
        "completedAt": f"{plain(stay['departureDate'])} 14:00:00" if is_done else None,
        "cost": None,
        "checklistItems": [],
        "customFieldValue": [],
    }


def _expense(world: World, index: int) -> Row:
    dice, stay = _dice(world, 3, index), _stay(world, 4 * index)
    return {
        "id": 13_000 + index,
        "accountId": world.account_id,
        "ownerStatementId": 6,
        "listingMapId": stay["listingMapId"],
        "reservationId": stay["id"],
        "expenseDate": stay["departureDate"],
        "concept": dice.pick(("Cleaning", "Repair", "Late check-out")),
        "amount": amount(-(1_000 + dice.below(9_000))),
        "type": "expense",
        "isDeleted": 0,
        "insertedOn": stay["insertedOn"],
        "updatedOn": stay["updatedOn"],
        "categories": [],
        "attachments": [],
        "guestName": stay["guestName"],
    }


def _charge(world: World, index: int) -> Row:
    stay = _stay(world, 2 * index + 1)
    return {
        "id": 17_000 + index,
        "listingMapId": stay["listingMapId"],
        "reservationId": stay["id"],
        "type": "charge",
        "title": "Accommodation payment",
        "currency": stay["currency"],
        "paymentMethod": "credit_card_online",
        "amount": stay["totalPrice"],
        "status": "paid",
        "paymentProvider": "stripe",
        "paymentProviderChargeId": f"ch_sample{index}",
        "chargeDate": stay["insertedOn"],
        "isManual": 0,
        "transactions": [],
    }


def _log(stay: Row, number: int) -> Row:
    name, label, before, after = LOGGED[number % len(LOGGED)]
    return {
        # Unique within its source only (API reference 9.1).
        "id": 1 + number // 2,
        "reservationId": stay["id"],
        "listingMapId": stay["listingMapId"],
        "channelId": stay["channelId"],
        "source": ("reservation", "financeStandardField")[number % 2],
        "updatedField": name,
        "updatedFieldLabel": label,
        "previousValue": before,
        "newValue": after,
        "updatedByUserId": 8801,
        "updatedByUserName": "Alex Porter",
        "insertedOn": stay["updatedOn"],
        "updatedOn": stay["updatedOn"],
    }


def _named(
    first_id: int, key: str, names: tuple[str, ...], world: World, index: int, **more: Any
) -> Row:
    return {"id": first_id + index, "accountId": world.account_id, key: names[index], **more}


def _user_group(world: World, index: int) -> Row:
    rights = {"readReservation": 1, "readMessage": 1, "updateMessage": int(index == 0)}
    return _named(1, "name", ("Hosts", "Cleaners"), world, index, **rights)


def _auto_payment(world: World, index: int) -> Row:
    moment = stamp(1_690_000_000)
    more = {"type": "charge", "percentageFee": 50, "insertedOn": moment, "updatedOn": moment}
    return _named(1, "title", ("At booking", "At arrival"), world, index, **more)


def _coupon(world: World, index: int) -> Row:
    more = {"type": "percentage", "amount": amount(543), "isActive": 1, "isExpired": 0}
    return _named(1, "name", ("SPRING10", "RETURNING5"), world, index, **more)


def _reservation_coupon(world: World, index: int) -> Row:
    stay = _stay(world, 5 * index)
    return {
        "id": 1 + index,
        "userId": None,
        "listingMapId": stay["listingMapId"],
        "reservationId": stay["id"],
        "couponId": 1,
        "couponName": "SPRING10",
        "reservationBasePrice": 500,
        "couponPrice": 50,
    }


def _custom_field(world: World, index: int) -> Row:
    more = {"varName": f"reservation_{index}", "type": "text", "objectType": "reservation"}
    return _named(160, "name", ("Arrival flight", "Cot wanted"), world, index, **more)


def _template(world: World, index: int) -> Row:
    more = {"message": "Hello {{guest_name}}", "listingMapId": None, "channelId": "2018"}
    return _named(501, "name", ("Welcome", "Check-in", "Check-out"), world, index, **more)


def _policy(world: World, index: int) -> Row:
    item = {"id": "1", "cancellationPolicyId": str(4010 + index), "refundAmount": "100"}
    names = ("Moderate", "Strict")
    return _named(4010, "name", names, world, index, cancellationPolicyItem=[item])


def _plain_list(key: str, names: tuple[str, ...], path: str, paging: str = "whole") -> Shelf:
    def row(_world: World, index: int) -> Row:
        return {"id": 1 + index, key: names[index]}

    return Shelf(path, paging, lambda _world: len(names), row)


def _keyed(path: str, values: dict[str, Any]) -> Shelf:
    codes = tuple(values)

    def row(_world: World, index: int) -> Row:
        return {"id": codes[index], "value": values[codes[index]]}

    return Shelf(path, "keyed", lambda _world: len(codes), row)


def _share(part: int) -> Callable[[World], int]:
    return lambda world: world.conversation_count // part


def _fixed(count: int) -> Callable[[World], int]:
    return lambda _world: count


SHELVES: tuple[Shelf, ...] = (
    Shelf("/reviews", "offset", _share(2), _review),
    Shelf("/tasks", "offset", _share(3), _task),
    Shelf("/expenses", "offset", _share(4), _expense),
    Shelf("/guestPayments/charges", "offset", _share(2), _charge),
    Shelf("/guestPayments/autoPayment", "whole", _fixed(2), _auto_payment),
    Shelf("/userGroups", "whole", _fixed(2), _user_group),
    Shelf("/coupons", "whole", _fixed(2), _coupon),
    Shelf("/reservationCoupons", "whole", _share(5), _reservation_coupon),
    Shelf("/customFields", "offset", _fixed(2), _custom_field),
    Shelf("/messageTemplates", "whole", _fixed(3), _template),
    _plain_list("statementName", ("January", "February"), "/ownerStatements"),
    _plain_list("title", ("High season", "Christmas"), "/seasonalRules", "offset"),
    Shelf("/cancellationPolicies", "whole", _fixed(2), _policy),
    _plain_list("name", ("Cable TV", "Wireless", "Kitchen"), "/amenities"),
    _plain_list("name", ("Real bed", "Sofa bed"), "/bedTypes"),
    _plain_list("name", ("Apartment", "House", "Villa"), "/propertyTypes"),
    _keyed("/countries", {"DE": "Germany", "JP": "Japan", "PT": "Portugal"}),
    _keyed("/currencies", {"EUR": "Euro", "USD": "US Dollar"}),
    _keyed("/languages", {"de": "German", "en": "English"}),
    _keyed("/timezones", {"Europe/Lisbon": "(UTC+00:00) Lisbon"}),
    _keyed("/reservations/paymentMethods", {"credit_card": "Credit card", "other": "Other"}),
)
"""Every list of the account itself."""


def entity_row(world: World, shelf: Shelf, index: int) -> Row:
    """Return a row with what was changed of it."""
    row = shelf.row(world, index)
    return {**row, **world.entity_changes.get((shelf.path, str(row["id"])), {})}


def _list(shelf: Shelf, world: World, call: Call) -> Outcome:
    count = shelf.count(world)
    if shelf.paging == "keyed":
        rows = [entity_row(world, shelf, index) for index in range(count)]
        return {row["id"]: row["value"] for row in rows}
    offset, limit = 0, count or 1
    if shelf.paging == "offset":
        offset = call.number("offset") or 0
        limit = min(call.number("limit") or DEFAULT_LIMIT, CAP)
    indexes = range(offset, min(count, offset + limit))
    rows = [entity_row(world, shelf, index) for index in indexes]
    return Page(rows, count, call.number("limit"), call.number("offset"), limit)


def _logs(world: World, call: Call) -> Outcome:
    """GET /reservations/{id}/logs: the whole list, newest first (9.1)."""
    index = world.reservation_index(call.numbers["id"])
    if index is None:
        return Missing("Reservation")
    stay = world.reservation_row(index, with_resources=False)
    rows = [_log(stay, number) for number in range(index % (len(LOGGED) + 1))]
    return Page(rows, len(rows), None, None, DEFAULT_LIMIT)


def _units(world: World, call: Call) -> Outcome:
    """GET /listingUnits/{listingMapId}: some listings have several units (10)."""
    index = world.listing_index(call.numbers["id"])
    if index is None:
        return Missing("Listing")
    rows = [
        {
            "id": call.numbers["id"] * 10 + number,
            "name": f"Unit {number + 1}",
            "unitNumber": str(number + 1),
            "listingMapIdUnit": str(call.numbers["id"]),
        }
        for number in range(2 if index % 4 == 0 else 0)
    ]
    return Page(rows, len(rows), None, None, DEFAULT_LIMIT)


def _calendar(world: World, call: Call) -> Outcome:
    """GET /listings/{id}/calendar: `startDate`, `endDate` (10); what is no date is ignored."""
    index = world.listing_index(call.numbers["id"])
    if index is None:
        return Missing("Listing")
    first, last = _day_of(call, "startDate"), _day_of(call, "endDate")
    if world.switches.ignores_calendar_window or first is None or last is None:
        first = world.now - world.now % DAY - 30 * DAY
        last = first + DEFAULT_CALENDAR_DAYS * DAY
    rows = [_calendar_day(world, index, moment) for moment in range(first, last + 1, DAY)]
    return Page(rows, len(rows), None, None, max(len(rows), 1))


def _calendar_day(world: World, index: int, moment: int) -> Row:
    dice = _dice(world, 4 + index, moment // DAY)
    is_free = dice.chance(0.6)
    return {
        "id": 46_000_000 + index * 100_000 + moment // DAY,
        "date": day(moment),
        "isAvailable": int(is_free),
        "isProcessed": 1,
        "status": "available" if is_free else dice.pick(("reserved", "blocked")),
        "price": 60 + dice.below(200),
        "minimumStay": 1 + dice.below(3),
        "maximumStay": 365,
        "closedOnArrival": None,
        "closedOnDeparture": None,
        "note": None,
        "reservations": [],
    }


def _day_of(call: Call, name: str) -> int | None:
    try:
        return read_stamp(call.query.get(name, ""))
    except ValueError:
        return None


ENTITY_HANDLERS: dict[str, Handler] = {
    **{shelf.path: partial(_list, shelf) for shelf in SHELVES},
    "/reservations/{id}/logs": _logs,
    "/listingUnits/{id}": _units,
    "/listings/{id}/calendar": _calendar,
}
"""What the paths of the further entities answer."""
