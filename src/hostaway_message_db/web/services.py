"""What the routes ask: one set of use cases for as long as the server runs."""

from functools import cached_property, lru_cache

from hostaway_message_db.bootstrap import Application, load_labeller
from hostaway_message_db.insights.figures import Figures
from hostaway_message_db.insights.search import Search
from hostaway_message_db.ports import FileStore, MessageQueries
from hostaway_message_db.utils.clock import Clock


class Services:
    """The use cases of an application; made when first asked for, so that none needs them all."""

    def __init__(self, application: Application | None = None) -> None:
        self._given = application

    @property
    def _application(self) -> Application:
        if self._given is None:
            raise RuntimeError("these routes are described, not served")
        return self._given

    @property
    def clock(self) -> Clock:
        """Return the clock."""
        return self._application.clock

    @cached_property
    def search(self) -> Search:
        """Return what searches the store; the language models are loaded once, when needed."""
        return self._application.search_with(lru_cache(maxsize=1)(load_labeller))

    @cached_property
    def figures(self) -> Figures:
        """Return what computes figures."""
        return self._application.figures

    @cached_property
    def queries(self) -> MessageQueries:
        """Return what can be asked of the store."""
        return self._application.queries

    @cached_property
    def files(self) -> FileStore:
        """Return the files that were sent with messages."""
        return self._application.files
