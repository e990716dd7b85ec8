"""The models, loaded once for all tests of a process."""

from functools import cache

from hostaway_message_db.enrichment.labeller import Labeller


@cache
def labeller() -> Labeller:
    return Labeller.load()
