"""The rows of listings and users, secrets included (API reference 10)."""

from typing import NamedTuple

from hostaway_message_db.simulator.clock import DAY, optional_stamp
from hostaway_message_db.simulator.dice import Dice, mix
from hostaway_message_db.simulator.messages import FIRST_USER_ID, USER_COUNT
from hostaway_message_db.simulator.reservations import amount
from hostaway_message_db.simulator.stories import LISTING
from hostaway_message_db.simulator.texts import Place, Texts
from hostaway_message_db.simulator.wire import Row

FIRST_LISTING_ID = 180_000
LISTING_STEP = 13

_NULL_KEYS = (
    "maxChildrenAllowed", "maxInfantsAllowed", "maxPetsAllowed", "cleannessStatus",
    "cleaningInstruction", "cleannessStatusUpdatedOn", "propertyLicenseNumber",
    "propertyLicenseType", "propertyLicenseIssueDate", "propertyLicenseExpirationDate",
    "partnersListingMarkup", "airbnbOfficialListingMarkup", "bookingEngineMarkup",
    "homeawayApiMarkup", "marriottListingMarkup", "airbnbSpace", "airbnbAccess",
    "airbnbInteraction", "airbnbNeighborhoodOverview", "airbnbTransit", "airbnbNotes",
    "contactPhone2", "airbnbListingUrl", "vrboListingUrl", "googleVrListingUrl",
    "listingAgreementText", "starRating", "propertyRentTax", "guestPerPersonPerNightTax",
    "guestStayTax", "guestNightlyTax", "refundableDamageDeposit", "specialInstruction",
    "houseRules",
)  # fmt: skip
_BLANK: Row = dict.fromkeys(_NULL_KEYS)


class Home(NamedTuple):
    """A listing in outline."""

    id: int
    number: int
    name: str
    place: Place


class ListingBook:
    """Tells of the listings; a pure function of the seed and the listing's number."""

    def __init__(self, seed: int, count: int, texts: Texts, now: int) -> None:
        self.count = count
        self._seed = seed
        self._texts = texts
        self._now = now
        self._homes = tuple(self._make(index) for index in range(count))

    def home(self, index: int) -> Home:
        """Return a listing's outline."""
        return self._homes[index]

    def index_of(self, listing_id: int) -> int | None:
        """Return the number of the listing with this id, or nothing."""
        index = (listing_id - FIRST_LISTING_ID) // LISTING_STEP
        if 0 <= index < self.count and self._homes[index].id == listing_id:
            return index
        return None

    def _make(self, index: int) -> Home:
        dice = Dice(self._seed, LISTING, index)
        place = dice.pick(self._texts.places)
        name = f"{dice.pick(self._texts.homes)} {place.city}"
        number = FIRST_LISTING_ID + index * LISTING_STEP
        return Home(number + mix(self._seed, LISTING, index) % LISTING_STEP, index, name, place)

    def row(self, index: int) -> Row:
        """Return a listing in full."""
        home = self._homes[index]
        dice = Dice(self._seed, LISTING, index, 1)
        place, bedrooms = home.place, 1 + dice.below(4)
        street = f"{place.street} {1 + dice.below(90)}"
        zipcode = f"{10_000 + dice.below(80_000)}"
        tail = f"{place.city} {zipcode}, {place.country}"
        row = {
            **_BLANK,
            "id": home.id,
            "propertyTypeId": 1 + dice.below(5),
            "name": home.name,
            "externalListingName": home.name,
            "internalListingName": f"#{index + 1} {home.name}",
            "description": f"{home.name}: {bedrooms} bedrooms in {place.city}.",
            "keyPickup": f"Key safe {dice.below(10_000):04} beside the door",
            "doorSecurityCode": f"{dice.below(1_000_000):06}",
            "wifiUsername": f"guest-{index + 1}",
            "wifiPassword": f"wifi-{dice.roll():016x}",
            "country": place.country,
            "countryCode": place.code,
            "state": place.city,
            "city": place.city,
            "street": street,
            "address": f"{street}, {tail}",
            "publicAddress": tail,
            "zipcode": zipcode,
            "price": amount(6_000 + dice.below(40_000)),
            "averageReviewRating": amount(700 + dice.below(300)),
            "weeklyDiscount": amount(90),
            "monthlyDiscount": amount(82),
            "cleaningFee": amount(4_032),
            "priceForExtraPerson": amount(1_500),
            "currencyCode": place.currency,
            "timeZoneName": place.zone,
            "lat": place.latitude,
            "lng": place.longitude,
            "language": "en",
            "specialStatus": "archived" if (index + 1) % 25 == 0 else None,
            "latestActivityOn": optional_stamp(self._now - dice.below(60 * DAY)),
        }
        row.update(_shape(dice, bedrooms))
        row.update(_contacts(home))
        return row


def _shape(dice: Dice, bedrooms: int) -> Row:
    base = 3_000 + dice.below(900)
    return {
        "personCapacity": 2 * bedrooms,
        "guestsIncluded": 2,
        "bedroomsNumber": bedrooms,
        "bedsNumber": bedrooms + 1,
        "bathroomsNumber": 1,
        "guestBathroomsNumber": 1,
        "bedType": "real_bed",
        "roomType": "entire_home",
        "bathroomType": "private",
        "squareMeters": 25 * bedrooms,
        "minNights": 1 + dice.below(3),
        "maxNights": 365,
        "checkInTimeStart": 15,
        "checkInTimeEnd": 22,
        "checkOutTime": 11,
        "cancellationPolicy": "moderate",
        "cancellationPolicyId": 4010,
        "vrboCancellationPolicyId": 4011,
        "airbnbCancellationPolicyId": 4012,
        "marriottCancellationPolicyId": 4013,
        "bookingCancellationPolicyId": 4013,
        "instantBookable": 1,
        "instantBookableLeadTime": None,
        "allowSameDayBooking": 1,
        "sameDayBookingLeadTime": 12,
        "isRentalAgreementActive": False,
        "bookingcomPropertyRegisteredInVcs": False,
        "bookingcomPropertyHasVat": False,
        "bookingcomPropertyDeclaresRevenue": False,
        "insuranceEligibilityStatus": False,
        "listingAmenities": [{"id": base, "amenityId": 2}, {"id": base + 1, "amenityId": 3}],
        "listingBedTypes": [{"id": base, "bedTypeId": 2, "quantity": bedrooms}],
        "listingImages": [
            {
                "id": base,
                "caption": "hall",
                "url": f"https://files.hostaway.invalid/listing/{base}.jpeg",
                "sortOrder": 1,
            }
        ],
        "customFieldValues": [{"customFieldId": 167, "value": "Custom field value"}],
    }


def _contacts(home: Home) -> Row:
    row: Row = {}
    for prefix in ("contact", "invoicingContact"):
        row[f"{prefix}Name"] = "Robin"
        row[f"{prefix}SurName"] = "Keeper"
        row[f"{prefix}Phone1"] = "+15555550142"
        row[f"{prefix}Language"] = "en"
        row[f"{prefix}Email"] = "keeper@example.com"
        row[f"{prefix}Address"] = home.place.street
    for prefix in ("homeaway", "bookingcom"):
        row[f"{prefix}PropertyName"] = home.name
        row[f"{prefix}PropertyDescription"] = f"{home.name} in {home.place.city}"
    row["homeawayPropertyHeadline"] = home.name
    row["airbnbName"] = home.name
    row["airbnbSummary"] = ""
    return row


def user_rows(account_id: int) -> list[Row]:
    """Return the users of the account; bodies hold secrets to drop (API reference 10)."""
    names = (("Alex", "Porter"), ("Mira", "Santos"), ("Jonas", "Keller"), ("Yuki", "Tanaka"))
    return [
        {
            "id": FIRST_USER_ID + number,
            "accountId": account_id,
            "userGroupId": 1,
            "userGroupName": None,
            "email": f"host{number + 1}@example.com",
            "icalKey": f"ical-{mix(account_id, number):016x}",
            "verificationCode": f"{mix(account_id, number, 1) % 1_000_000:06}",
            "firstName": names[number][0],
            "lastName": names[number][1],
            "title": "",
            "country": "",
            "city": "",
            "phone": "5555550142",
            "timezone": "UTC",
            "readReservation": 1,
            "readMessage": 1,
            "updateMessage": 1,
            "isDisabledByHostaway": 0,
            "isDisabledByAccount": 0,
            "isAdmin": int(number == 0),
            "lastLoginOn": None,
            "listingMapIds": None,
        }
        for number in range(USER_COUNT)
    ]
