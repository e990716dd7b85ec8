"""Figures for Prometheus: how requests are answered, and how the copy is doing."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from hostaway_message_db.insights.status import Status

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0, 60.0)
HTTP_METERS = {
    "hostaway_http_requests": "requests to this API, by route and status",
    "hostaway_http_request_seconds": "how long a request to this API took, by route",
}
STORE_METERS = {
    "hostaway_database_up": "1 if the database answers, else 0",
    "hostaway_healthy": "1 if `status` says ok, else 0",
    "hostaway_newest_message_timestamp_seconds": "moment of the newest stored message, Unix time",
    "hostaway_last_complete_run_timestamp_seconds": "end of the last complete run, Unix time",
    "hostaway_last_run_complete": "1 if the latest run was complete, 0 if not or still at work",
    "hostaway_last_run_start_timestamp_seconds": "start of the latest run, Unix time",
    "hostaway_pending_conversations": "conversations that wait to be read",
    "hostaway_failing_conversations": "conversations that could not be read",
    "hostaway_quarantined_records": "records in quarantine",
    "hostaway_messages_without_labels": "messages that wait for labels",
    "hostaway_files_not_stored": "files of messages that could not be downloaded so far",
    "hostaway_missing_indexes": "planned indexes that are not there",
    "hostaway_stored_documents": "documents by collection",
    "hostaway_api_requests": "requests made to Hostaway over all recorded runs",
    "hostaway_api_refused": "of these, refused for going too fast (429)",
    "hostaway_api_retries": "requests made again after an error",
}


class Meters:
    """Counts of one server; nothing of a guest is a label."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "hostaway_http_requests",
            HTTP_METERS["hostaway_http_requests"],
            ("route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "hostaway_http_request_seconds",
            HTTP_METERS["hostaway_http_request_seconds"],
            ("route",),
            buckets=BUCKETS_SECONDS,
            registry=self.registry,
        )

    def note(self, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def page(self, status: Status | None) -> bytes:
        """Return the page that Prometheus reads; without a status the database is down."""
        return generate_latest(self.registry) + generate_latest(_store_registry(status))


def _store_registry(status: Status | None) -> CollectorRegistry:
    registry = CollectorRegistry()
    values: dict[str, float] = {"hostaway_database_up": 0 if status is None else 1}
    if status is not None:
        overview, api = status.overview, status.overview.api
        values |= {
            "hostaway_healthy": status.health == "ok",
            "hostaway_pending_conversations": overview.pending_conversations,
            "hostaway_failing_conversations": overview.failing_count,
            "hostaway_quarantined_records": overview.counts.get("quarantine", 0),
            "hostaway_messages_without_labels": overview.messages_without_labels,
            "hostaway_files_not_stored": overview.files_not_stored_count,
            "hostaway_missing_indexes": len(overview.missing_indexes),
        }
        values |= _moment("hostaway_newest_message_timestamp_seconds", overview.latest_message_at)
        values |= _moment(
            "hostaway_last_complete_run_timestamp_seconds", overview.last_complete_run_at
        )
        if overview.last_runs:
            latest = overview.last_runs[0]
            values["hostaway_last_run_complete"] = latest["outcome"] == "complete"
            values |= _moment("hostaway_last_run_start_timestamp_seconds", latest["started_at"])
        for name in ("requests", "refused", "retries"):
            if name in api:
                values[f"hostaway_api_{name}"] = api[name]
        documents = Gauge(
            "hostaway_stored_documents",
            STORE_METERS["hostaway_stored_documents"],
            ("collection",),
            registry=registry,
        )
        for collection, count in overview.counts.items():
            documents.labels(collection).set(count)
    for name, value in values.items():
        Gauge(name, STORE_METERS[name], registry=registry).set(value)
    return registry


def _moment(name: str, moment: datetime | None) -> dict[str, float]:
    return {} if moment is None else {name: moment.timestamp()}
