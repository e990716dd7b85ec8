"""Labels of stored messages: whole, once, in any order, and gone with the guest."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database

from hostaway_message_db.database.documents import comparable_message, message_document
from hostaway_message_db.database.label_store import MongoLabelStore
from hostaway_message_db.database.message_history import MessageHistory
from hostaway_message_db.database.message_keeper import MessageKeeper
from hostaway_message_db.database.mongodb import MongoDatabase
from hostaway_message_db.database.upserts import upsert
from hostaway_message_db.database.vectors import Vectors
from hostaway_message_db.enrichment.conversation_language import conversation_language
from hostaway_message_db.insights.upkeep import refresh
from hostaway_message_db.models.records import Direction, Erasure, Message
from hostaway_message_db.pipeline.labelling import LabellingReport, run_labelling
from hostaway_message_db.ports import LoadOutcome, ProgressNumbers, Stores
from hostaway_message_db.privacy.erasure import erased_message
from hostaway_message_db.utils.clock import SystemClock
from support.records import NOON, at, message
from support.word_labeller import WordLabeller

Db = Database[dict[str, Any]]

SPANISH = "Buenos días, ¿podría decirnos a qué hora podemos llegar a la casa?"
GERMAN = "Guten Tag, wann können wir morgen in die Wohnung einziehen?"
TEXTS = {
    "1": SPANISH,
    "2": "ok",
    "3": "The wifi in the living room is broken, and we need it for our work today.",
    "4": "",
    "5": "Welcome! Here is everything that you need to know about the apartment.",
}


class Watching:
    """Notes how far a labelling was."""

    def __init__(self) -> None:
        self.done: list[int] = []

    def show(self, progress: ProgressNumbers) -> None:
        self.done.append(progress.conversations_done)


@pytest.fixture
def label(mongo: MongoDatabase) -> Any:
    async def run(labeller: WordLabeller, **options: Any) -> LabellingReport:
        clock, audience = SystemClock(), Watching()
        return await run_labelling(mongo.labels(), lambda: labeller, clock, audience, **options)

    return run


def messages() -> list[Message]:
    made = [message(identity, content=text) for identity, text in TEXTS.items()]
    made[4] = replace(made[4], direction=Direction.OUTBOUND, is_automated=True)
    return made


def stored(database: Db) -> dict[str, dict[str, Any]]:
    return {d["message_id"]: d for d in database["messages"].find()}


async def test_every_message_gets_its_labels_and_a_second_labelling_writes_nothing(
    stores: Stores, database: Db, label: Any
) -> None:
    await stores.messages.load(messages(), at(0))
    report = await label(WordLabeller())
    assert (report.labelled, report.left, report.version) == (5, 0, "1")
    found = stored(database)
    assert {d["enrichment_version"] for d in found.values()} == {"1"}
    assert found["3"]["sentiment"] == {"label": "negative", "score": -0.9, "alert": True}
    assert found["3"]["topics"] == ["in_en", "wifi"]
    assert found["1"]["sentiment"]["label"] == "neutral"
    # Nothing is said, and the host's own words are no attitude of a guest.
    assert (found["4"]["sentiment"], found["4"]["topics"], found["4"]["language"]) == (
        None,
        [],
        None,
    )
    assert (found["5"]["sentiment"], found["5"]["topics"]) == (None, ["in_en"])
    assert {d["updated_at"] for d in found.values()} == {at(0)}
    vectors = list(database["embeddings"].find())
    assert {v["text_hash"] for v in vectors} == {
        d["content_hash"] for i, d in found.items() if i != "4"
    }
    assert all(v["model"] == "words-1" and len(v["vector"].as_vector().data) == 8 for v in vectors)

    labeller = WordLabeller()
    again = await label(labeller)
    assert (again.labelled, labeller.batches) == (0, [])
    assert await stores.messages.load(messages(), at(1)) == LoadOutcome(unchanged=5)
    assert stored(database) == found


async def test_a_short_text_is_in_the_language_of_its_conversation(
    stores: Stores, database: Db, label: Any
) -> None:
    await stores.messages.load([message("1", content="ok"), message("2", content=SPANISH)], at(0))
    assert [stored(database)[i]["language"] for i in "12"] == [None, "es"]
    await label(WordLabeller())
    short = stored(database)["1"]
    assert (short["language"], short["language_basis"]) == ("es", "conversation")
    assert (short["language_confidence"], short["topics"]) == (None, ["in_es"])
    # More of another language, later: the short text follows, though nobody touched it.
    more = [message(str(n), content=f"{GERMAN} {n}") for n in (3, 4)]
    await stores.messages.load(more, at(1))
    await label(WordLabeller())
    assert stored(database)["1"]["language"] == "de"
    assert stored(database)["1"]["topics"] == ["in_de"]
    assert stored(database)["2"]["language"] == "es"


@pytest.mark.parametrize("places", [range(8), range(7, -1, -1), (3, 7, 0, 4, 6, 2, 1, 5)])
async def test_labels_do_not_depend_on_the_order_in_which_messages_came(
    stores: Stores, database: Db, label: Any, places: Sequence[int]
) -> None:
    texts = [SPANISH, f"{SPANISH} 2", f"{GERMAN} 3", "ok", "si", "wifi", "", f"{GERMAN} 8"]
    made = [message(str(n), content=t, timestamp=at(n)) for n, t in enumerate(texts, 1)]
    made = [made[place] for place in places]
    for one in made[:5]:
        await stores.messages.load([one], at(0))
        await label(WordLabeller())
    await stores.messages.load(made[5:], at(0))
    await label(WordLabeller())
    found = stored(database)
    # Two messages of the guest in each language: the first of both by name.
    assert [found[n]["language"] for n in "12345678"] == [
        "es", "es", "de", "de", "de", "de", None, "de",
    ]  # fmt: skip
    assert [found[n]["language_basis"] for n in "378"] == ["text", None, "text"]


def test_the_guests_language_counts_before_that_of_all() -> None:
    assert conversation_language({}) is None
    assert conversation_language({"en": (0, 9), "es": (1, 1)}) == "es"
    assert conversation_language({"en": (1, 3), "es": (1, 2)}) == "en"
    assert conversation_language({"es": (1, 2), "en": (1, 2)}) == "en"


async def test_labels_are_made_anew_for_another_text_and_by_other_models(
    stores: Stores, database: Db, label: Any
) -> None:
    await stores.messages.load(messages(), at(0))
    await label(WordLabeller())
    before = stored(database)["3"]["content_hash"]
    await stores.messages.load([message("3", content="The wifi works fine again.")], at(1))
    assert stored(database)["3"]["enrichment_version"] is None
    assert database["embeddings"].count_documents({"text_hash": before}) == 0
    labeller = WordLabeller()
    await label(labeller)
    assert labeller.batches == [["The wifi works fine again."]]
    assert stored(database)["3"]["sentiment"]["label"] == "neutral"
    newer = WordLabeller("2", "words-2")
    assert (await label(newer)).labelled == 5
    assert database["embeddings"].count_documents({"model": "words-2"}) == 4
    assert (await label(newer)).labelled == 0
    assert (await label(newer, is_all=True)).labelled == 5


async def test_a_labelling_that_was_killed_goes_on(
    stores: Stores, database: Db, label: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hostaway_message_db.pipeline.labelling.BATCH_SIZE", 2)
    await stores.messages.load(
        [message(str(n), content=f"{SPANISH} {n}", timestamp=at(n)) for n in range(6)], at(0)
    )
    with pytest.raises(KeyboardInterrupt):
        await label(WordLabeller(breaks_after=1))
    assert [d["enrichment_version"] for d in database["messages"].find().sort("timestamp")] == [
        None, None, None, None, "1", "1",
    ]  # fmt: skip
    assert (await label(WordLabeller(), max_seconds=0.0)).left == 2
    assert (await label(WordLabeller())).labelled == 2


async def test_equal_texts_share_a_vector_that_stays_until_the_last_is_forgotten(
    stores: Stores, database: Db, mongo: MongoDatabase, label: Any
) -> None:
    made = [message(str(n), content=SPANISH, conversation_id=str(n)) for n in (1, 2)]
    await stores.messages.load(made, at(0))
    await label(WordLabeller())
    assert database["embeddings"].count_documents({}) == 1
    await mongo.privacy().rewrite_messages([erased_message(made[0])], at(1))
    assert database["embeddings"].count_documents({}) == 1
    assert stored(database)["1"]["content_hash"] is None
    await mongo.privacy().rewrite_messages([erased_message(made[1])], at(1))
    assert database["embeddings"].count_documents({}) == 0


async def test_a_text_erased_while_it_was_read_leaves_neither_labels_nor_vector(
    stores: Stores, database: Db, mongo: MongoDatabase
) -> None:
    one = message("1", content=SPANISH)
    await stores.messages.load([one], at(0))

    class Erasing(WordLabeller):
        """Somebody forgets the guest just when the models have read the text."""

        def label(self, texts: Any, languages: Any = None, by_guests: Any = None) -> Any:
            """Read, and be too late."""
            fields = {"content": "", "content_core": None, "content_hash": None}
            database["messages"].update_one({}, {"$set": {**fields, "updated_at": at(5)}})
            return super().label(texts, languages, by_guests)

    clock, audience = SystemClock(), Watching()
    labeller = Erasing()
    await run_labelling(mongo.labels(), lambda: labeller, clock, audience)
    assert database["embeddings"].count_documents({}) == 0
    assert stored(database)["1"]["topics"] == []


async def test_a_forgotten_guest_leaves_no_vector_by_whatever_way(
    stores: Stores, database: Db, label: Any
) -> None:
    await stores.messages.load([message("1", content=SPANISH)], at(0))
    await label(WordLabeller())
    erased = erased_message(message("1", content=SPANISH), Erasure.REQUEST)
    assert await stores.messages.load([erased], at(1)) == LoadOutcome(updated=1)
    assert database["embeddings"].count_documents({}) == 0
    found = stored(database)["1"]
    assert (found["sentiment"], found["topics"], found["needs_reply"]) == (None, [], None)
    assert (await label(WordLabeller())).labelled == 1


async def test_a_labelling_killed_after_the_writing_lets_nobody_have_the_former_language(
    stores: Stores, database: Db, mongo: MongoDatabase, label: Any
) -> None:
    await stores.messages.load([message("1", content="ok"), message("2", content=SPANISH)], at(0))
    await label(WordLabeller())
    more = [message(str(n), content=f"{GERMAN} {n}") for n in (3, 4)]
    await stores.messages.load(more, at(1))

    class Dying(MongoLabelStore):
        """The process is killed just when the labels are written."""

        async def write(self, labels: Any, version: str) -> frozenset[str]:
            """Write, and be no more."""
            await super().write(labels, version)
            raise KeyboardInterrupt

    clock, audience = SystemClock(), Watching()
    with pytest.raises(KeyboardInterrupt):
        await run_labelling(Dying(mongo.database), WordLabeller, clock, audience)
    assert (await label(WordLabeller())).left == 0
    assert stored(database)["1"]["language"] == "de"


async def test_a_language_that_another_labelling_found_meanwhile_counts(
    stores: Stores, database: Db, label: Any
) -> None:
    await stores.messages.load([message("2", content=SPANISH)], at(0))
    await label(WordLabeller())
    await stores.messages.load([message("1", content="ok")], at(0))

    class Late(WordLabeller):
        """While these models read, other ones hold the Spanish to be German."""

        def label(self, texts: Any, languages: Any = None, by_guests: Any = None) -> Any:
            """Read, slowly."""
            database["messages"].update_one({"message_id": "2"}, {"$set": {"language": "de"}})
            return super().label(texts, languages, by_guests)

    await label(Late())
    assert stored(database)["1"]["language"] == "de"


async def test_a_vector_stored_while_its_text_is_replaced_goes_too(
    stores: Stores, database: Db, mongo: MongoDatabase, label: Any
) -> None:
    await stores.messages.load([message("1", content=SPANISH)], at(0))
    await label(WordLabeller())
    (vector,) = database["embeddings"].find()

    class Crossed(MessageKeeper):
        """A labelling stores the vector again just before the new text is written."""

        async def before_write(self, *given: Any) -> frozenset[str]:
            """Prepare the writing, and lose a race."""
            former = await super().before_write(*given)
            database["embeddings"].replace_one({"_id": vector["_id"]}, vector, upsert=True)
            return former

    history = MessageHistory(mongo.database["message_versions"], "run", at(1))
    await upsert(
        mongo.database["messages"],
        "message_id",
        [message_document(message("1", content=GERMAN))],
        at(1),
        comparable=comparable_message,
        keeper=Crossed(history, None, Vectors(mongo.database)),
    )
    assert database["embeddings"].count_documents({}) == 0


async def test_the_newest_without_labels_come_first(
    stores: Stores, mongo: MongoDatabase, label: Any
) -> None:
    await stores.messages.build_indexes(with_heavy=False)
    await stores.messages.load([message("1", content="old")], at(0))
    await label(WordLabeller("0"))
    new = [message(str(n), content="x", timestamp=NOON + timedelta(days=n)) for n in (2, 3)]
    await stores.messages.load(new, at(0))
    waiting = mongo.labels().waiting
    assert [text.message_id for text in await waiting("1", 5)] == ["3", "2"]
    await label(WordLabeller("1"), max_seconds=0.0)
    assert [text.message_id for text in await waiting("1", 5)] == ["1"]
    assert await mongo.labels().count_waiting("1") == 1
    assert await mongo.labels().count_waiting() == 0


async def test_an_account_counts_its_own_messages_without_labels(
    stores: Stores, mongo: MongoDatabase
) -> None:
    made = [message("1"), replace(message("2", conversation_id="6"), account_id="another")]
    await stores.messages.load(made, at(0))
    queries = mongo.queries()
    counted = [(await queries.overview(a)).messages_without_labels for a in (None, "another")]
    assert counted == [2, 1]


async def test_new_labels_let_the_figures_of_their_conversations_be_made_anew(
    stores: Stores, mongo: MongoDatabase, label: Any
) -> None:
    await stores.messages.load([message("1", content="kept")], at(0))
    figures = mongo.figures()
    await refresh(figures)
    assert await figures.outdated(5) == []
    await label(WordLabeller())
    assert [one.conversation_id for one in await figures.outdated(5)] == [
        message("1").conversation_id
    ]
