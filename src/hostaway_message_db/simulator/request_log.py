"""The log of requests: what a client really did, for tests and benchmarks."""

from collections import Counter, deque

import msgspec

REMEMBERED = 100_000
NO_ANSWER = 0


class LoggedRequest(msgspec.Struct):
    """One request under `/v1`; `status` is 0 as long as, or because, no whole answer was sent."""

    started_monotonic: float
    started_unix: float
    method: str
    path: str
    template: str
    query: str
    status: int = NO_ANSWER


class RequestSummary(msgspec.Struct, frozen=True):
    """The log as the control door gives it; totals count also what the ring has dropped."""

    total: int
    by_template: dict[str, int]
    by_status: dict[str, int]
    requests: list[LoggedRequest]


class RequestLog:
    """A ring of the last requests, with totals since the last reset."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._ring: deque[LoggedRequest] = deque(maxlen=remembered)
        self._templates: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()

    def start(self, request: LoggedRequest) -> None:
        """Note a request that has begun."""
        self._ring.append(request)
        self._templates[f"{request.method} {request.template}"] += 1

    def finish(self, request: LoggedRequest, status: int) -> None:
        """Note how a request was answered."""
        request.status = status
        self._statuses[str(status)] += 1

    def clear(self) -> None:
        """Forget everything."""
        self._ring.clear()
        self._templates.clear()
        self._statuses.clear()

    def summary(self, last: int | None = None) -> RequestSummary:
        """Return the totals and the remembered requests, or only the last so many of them."""
        requests = list(self._ring)
        return RequestSummary(
            total=self._templates.total(),
            by_template=dict(self._templates),
            by_status=dict(self._statuses),
            requests=requests if last is None else requests[max(0, len(requests) - last) :],
        )
