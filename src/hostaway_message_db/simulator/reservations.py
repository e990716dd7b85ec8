"""The rows of reservations, with the documented and the observed keys (API reference 9.3)."""

from typing import Any, NamedTuple

from hostaway_message_db.simulator.clock import DAY, day, optional_stamp, stamp
from hostaway_message_db.simulator.dice import Dice, mix
from hostaway_message_db.simulator.messages import digest
from hostaway_message_db.simulator.stories import (
    AIRBNB,
    BOOKED,
    BOOKINGCOM,
    DIRECT,
    ENGINE,
    GUEST,
    INQUIRIES,
    PRICE,
    Story,
)
from hostaway_message_db.simulator.texts import Country, People
from hostaway_message_db.simulator.wire import Digits, Row

# Digits that a careless reader of numbers gets wrong.
AWKWARD_PRICES = (
    b"0.1",
    b"1e3",
    b"99999.99",
    b"1515.78",
    b"267",
    b"0.30000000000000004",
    b"1234.50",
)

_NULL_KEYS = (
    "externalPropertyId", "externalRatePlanId", "externalUnitId", "assigneeUserId",
    "manualIcalId", "manualIcalName", "customerIcalId", "customerIcalName", "pendingExpireDate",
    "guestZipCode", "guestAddress", "guestWork", "previousArrivalDate", "previousDepartureDate",
    "securityDepositFee", "stripeGuestId", "stripeMessage", "braintreeGuestId",
    "braintreeMessage", "ccName", "ccNumber", "ccNumberEndingDigits", "ccExpirationYear",
    "ccExpirationMonth", "cvc", "cancellationDate", "cancelledBy", "hostNote", "guestNote",
    "comment", "confirmationCode", "airbnbExpectedPayoutAmount", "airbnbListingBasePrice",
    "airbnbListingCancellationHostFee", "airbnbListingCancellationPayout",
    "airbnbListingCleaningFee", "airbnbListingHostFee", "airbnbListingSecurityPrice",
    "airbnbOccupancyTaxAmountPaidToHost", "airbnbTotalPaidAmount",
    "airbnbTransientOccupancyTaxPaidAmount", "airbnbCancellationPolicy", "reservationCouponId",
    "originalChannel", "customerUserId", "localeForMessagingSource", "rentalAgreementFileUrl",
    "remainingBalance", "guestPortalRevampUrl", "guestPaymentCardIsVirtual", "claimStatus",
    "insurancePolicyId", "insuranceCoverageStart", "insuranceCoverageEnd",
    "bookingCancellationPolicy", "vrboCancellationPolicy", "marriottCancellationPolicy",
    "cancellationPolicyDetails", "bookingcomSpecialRequests", "bookingcomSmokingPreference",
    "bookingcomIsGeniusMember", "bookingcomBookerName", "bookingcomBookerCompany",
    "bookingcomNoShowReportedAt", "bookingcomNoShowFeeWaived", "hostProxyEmail",
    "paymentMethod", "paymentStatus", "guestPicture", "doorCode", "doorCodeVendor",
    "doorCodeInstruction", "taxAmount", "channelCommissionAmount", "hostawayCommissionAmount",
    "cleaningFee", "children", "infants", "pets",
)  # fmt: skip
_ZERO_KEYS = (
    "isInitial", "isManuallyChecked", "hasPullError", "guestRecommendations", "guestTrips",
    "isGuestIdentityVerified", "isGuestVerifiedByEmail", "isGuestVerifiedByWorkEmail",
    "isGuestVerifiedByFacebook", "isGuestVerifiedByGovernmentId", "isGuestVerifiedByPhone",
    "isGuestVerifiedByReviews", "isStarred", "isArchived", "isPinned",
)  # fmt: skip
_BLANK: Row = {**dict.fromkeys(_NULL_KEYS), **dict.fromkeys(_ZERO_KEYS, 0)}

# The embedded reservation lacks `financeField` and the newer keys (API reference 7.2).
NOT_EMBEDDED = frozenset(
    {
        "financeField", "externalRatePlanId", "manualIcalId", "manualIcalName", "hasPullError",
        "originalChannel", "paymentMethod", "paymentStatus", "rentalAgreementFileUrl",
        "reservationAgreement", "remainingBalance", "guestPaymentCardIsVirtual", "insuranceStatus",
        "claimStatus", "insurancePolicyId", "insuranceCoverageStart", "insuranceCoverageEnd",
        "cancellationPolicyId", "cancellationPolicy", "bookingCancellationPolicy",
        "vrboCancellationPolicy", "marriottCancellationPolicy", "cancellationPolicyDetails",
        "hostProxyEmail", "bookingcomSpecialRequests", "bookingcomSmokingPreference",
        "bookingcomIsGeniusMember", "bookingcomBookerName", "bookingcomBookerCompany",
        "bookingcomNoShowReportedAt", "bookingcomNoShowFeeWaived",
    }
)  # fmt: skip


class Guest(NamedTuple):
    """The person of a story."""

    first: str
    last: str
    country: Country
    country_text: str | None
    phone: str | None
    email: str | None

    @property
    def name(self) -> str:
        """The whole name, as far as it is known."""
        return f"{self.first} {self.last}".strip()


class Listed(NamedTuple):
    """What a reservation repeats from its listing."""

    id: int
    name: str
    currency: str


def guest_of(seed: int, story: Story, people: People) -> Guest:
    """Return the guest; before confirmation only a first name and no phone (reference 12, 8-9)."""
    dice = Dice(seed, GUEST, story.index)
    first, last = dice.pick(people.first), dice.pick(people.last)
    country = dice.pick(people.countries)
    spelling = None if dice.chance(0.15) else dice.pick(country.spellings)
    digits = f"{10_000_000 + dice.below(89_999_999)}"
    is_confirmed = story.status in BOOKED or story.status == "cancelled"
    phone = f"{country.prefix}{1 + dice.below(9)}{digits}"
    if dice.chance(0.1):
        phone = f"{country.prefix} {digits[:3]} {digits[3:5]}-{digits[5:]}"
    email: str | None = None
    if story.channel_id == BOOKINGCOM:
        email = f"guest.{digits}@guest.booking.invalid"
    elif story.channel_id in {DIRECT, ENGINE}:
        email = f"guest{story.index}.{digits[:4]}@example.com"
    elif story.channel_id == AIRBNB and dice.chance(0.5):
        email = f"{digest(seed, story.index)[:20]}@guest.airbnb.invalid"
    return Guest(
        first=first,
        last=last if is_confirmed or story.channel_id != AIRBNB else "",
        country=country,
        country_text=spelling,
        phone=phone if is_confirmed else None,
        email=email,
    )


def amount(cents: int) -> Digits:
    """Return an amount as PHP writes it: no trailing zeros, a whole number without a point."""
    whole, rest = divmod(cents, 100)
    text = f"{whole}.{rest:02}".rstrip("0").rstrip(".") if rest else str(whole)
    return Digits(text.encode())


def price_of(seed: int, story: Story) -> Digits:
    """Return the total price with its exact digits; one in twenty-five is an awkward number."""
    dice = Dice(seed, PRICE, story.index)
    if dice.chance(0.04):
        return Digits(dice.pick(AWKWARD_PRICES))
    return amount(story.nights * (4_500 + dice.below(38_000)))


def reservation_row(
    seed: int, story: Story, reservation_id: int, guest: Guest, listed: Listed
) -> Row:
    """Return a reservation of the base world in full."""
    dice = Dice(seed, GUEST, story.index, 1)
    adults = 1 + dice.below(4)
    children = dice.below(3) if dice.chance(0.3) else 0
    row = dict(_BLANK)
    row.update(_identity(story, reservation_id, listed))
    row.update(
        {
            "isProcessed": 1,
            "isInstantBooked": int(dice.chance(0.6)),
            "reservationDate": stamp(story.created),
            "guestName": guest.name,
            "guestFirstName": guest.first,
            "guestLastName": guest.last or None,
            "guestExternalAccountId": str(80_000_000 + dice.below(9_000_000)),
            "guestCity": None,
            "guestCountry": guest.country_text,
            "guestEmail": guest.email,
            "guestLocale": story.language if dice.chance(0.7) else None,
            "localeForMessaging": story.language,
            "guestAuthHash": digest(seed, reservation_id)[:8].upper(),
            "numberOfGuests": adults + children,
            "adults": adults,
            "children": children,
            "infants": int(dice.chance(0.1)),
            "pets": int(dice.chance(0.08)) or None,
            "arrivalDate": day(story.arrival),
            "departureDate": day(story.departure),
            "isDatesUnspecified": int(story.is_unspecified),
            "checkInTime": 15,
            "checkOutTime": 11,
            "nights": story.nights,
            "phone": guest.phone,
            "totalPrice": price_of(seed, story),
            "isPaid": int(story.status in BOOKED),
            "currency": listed.currency,
            "status": story.status,
            "insertedOn": stamp(story.created),
            "updatedOn": stamp(story.updated),
            "latestActivityOn": optional_stamp(0 if dice.chance(0.03) else story.last_activity),
            "listingCustomFields": None,
            "reservationAgreement": dice.pick(("not_required", "signed", "not_signed")),
            "insuranceStatus": "not_eligible",
            "cancellationPolicyId": 4010 + dice.below(6),
            "cancellationPolicy": dice.pick(("flexible", "moderate", "firm", "strict")),
        }
    )
    row["guestPortalUrl"] = (
        f"https://portal.hostaway.invalid/{reservation_id}/{row['guestAuthHash']}"
    )
    _by_status(row, story, dice)
    _by_channel(row, story, guest, dice)
    row["customFieldValues"] = [{"customFieldId": 167, "value": f"Level {dice.below(5)}"}]
    row["reservationFees"] = []
    row["reservationUnit"] = []
    row["hostProxyEmail"] = f"c-{digest(seed, reservation_id, 1)}@host.hostaway.invalid"
    row["financeField"] = [_finance(reservation_id, row["totalPrice"])]
    return row


def _identity(story: Story, reservation_id: int, listed: Listed) -> Row:
    outer = f"{listed.id}-thread{mix(reservation_id) % 10**9}-{reservation_id}"
    if story.channel_id == DIRECT:
        outer = f"{listed.id}-2000-{mix(reservation_id) % 10**10}"
    return {
        "id": reservation_id,
        "listingMapId": listed.id,
        "listingName": listed.name,
        "channelId": story.channel_id,
        "source": "reservation" if story.channel_id == DIRECT else None,
        "channelName": story.channel_name,
        "reservationId": outer,
        # A string in most samples although documented as a number (API reference 2, 12 row 15).
        "hostawayReservationId": str(reservation_id),
        "channelReservationId": outer,
    }


def _by_status(row: Row, story: Story, dice: Dice) -> None:
    if story.status == "cancelled":
        row["cancellationDate"] = stamp(story.last_activity)
        row["cancelledBy"] = dice.pick(("guest", "host"))
    elif story.status == "pending":
        row["pendingExpireDate"] = stamp(story.created + DAY)
    elif story.status in BOOKED and dice.chance(0.4):
        row["doorCode"] = f"{dice.below(10_000):04}#"
        row["doorCodeVendor"] = "keypad"
        row["doorCodeInstruction"] = f"Box {1 + dice.below(9)}, then turn left."
    if story.status == "modified":
        row["previousArrivalDate"] = day(story.arrival - DAY)
        row["previousDepartureDate"] = day(story.departure - DAY)
    if story.status == "ownerStay":
        row["totalPrice"] = Digits(b"0")
        row["hostNote"] = "Owner stay"
    elif story.status not in INQUIRIES:
        row["cleaningFee"] = amount(2_500 + 500 * dice.below(20))
        row["taxAmount"] = amount(dice.below(9_000))


def _by_channel(row: Row, story: Story, guest: Guest, dice: Dice) -> None:
    if story.channel_id == AIRBNB:
        row["confirmationCode"] = f"HM{digest(story.index, dice.roll())[:8].upper()}"
        row["airbnbExpectedPayoutAmount"] = amount(story.nights * 7_700)
        row["airbnbCancellationPolicy"] = "moderate"
        row["guestTrips"] = dice.below(20)
    elif story.channel_id == BOOKINGCOM:
        row["bookingcomIsGeniusMember"] = int(dice.chance(0.4))
        row["bookingcomBookerName"] = guest.name
        row["bookingcomSpecialRequests"] = {"remarks": "Quiet room, please.", "geniusFreebies": []}
        row["bookingcomNoShowFeeWaived"] = False
        row["channelCommissionAmount"] = amount(story.nights * 1_615)


def _finance(reservation_id: int, total: Any) -> Row:
    """Return one finance item; amounts are to be taken from `total` (API reference 9.3)."""
    return {
        "id": reservation_id * 10 + 1,
        "units": 1,
        "listingFeeSettingId": None,
        "type": "accommodation",
        "name": "baseRate",
        "title": "Base rate",
        "alias": None,
        "value": total,
        "isIncludedInTotalPrice": 1,
        "isOverriddenByUser": 0,
        "isMandatory": 1,
        "isQuantitySelectable": 0,
        "isDeleted": 0,
        "total": total,
    }


def without_resources(row: Row) -> Row:
    """Return the row as the list gives it without `includeResources=1` (API reference 2)."""
    return {
        **row,
        "customFieldValues": [],
        "reservationFees": [],
        "reservationUnit": [],
        "hostProxyEmail": None,
    }


def embedded_reservation(row: Row) -> Row:
    """Return the reservation in the form that a conversation embeds (API reference 7.2)."""
    return {key: value for key, value in row.items() if key not in NOT_EMBEDDED}
