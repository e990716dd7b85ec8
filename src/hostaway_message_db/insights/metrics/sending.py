"""A1-A4: what the host sends, and by which way."""

import numpy as np

from hostaway_message_db.insights.metrics.registry import (
    Anchor,
    Figure,
    Rows,
    Unit,
    counted,
    metric,
    share,
)
from hostaway_message_db.insights.threads import Flag


@metric("A1", "Automation share", Unit.SHARE, Anchor.MESSAGES, "reply_seconds")
def automation_share(rows: Rows) -> Figure:
    """Automation share.

    Share of the host's sent messages that automation wrote; beside it the share of answered
    cycles whose first reply is automated.
    """
    outbound = rows.where(~rows.has(Flag.INBOUND))
    automated = int(outbound.has(Flag.AUTOMATED).sum())
    cycles = rows.where(rows.has(Flag.OPENS_CYCLE) & (rows["reply_seconds"] >= 0))
    first = int(cycles.has(Flag.REPLY_IS_AUTOMATED).sum())
    details = {
        "automated": automated,
        "cycles": len(cycles),
        "cycles_with_automated_first_reply": share(first, len(cycles)),
    }
    return Figure(len(outbound), share(automated, len(outbound)), details)


@metric("A2", "Delivery failures", Unit.SHARE, Anchor.OUTBOUND, "status", "channel", "type", "at")
def delivery_failures(rows: Rows) -> Figure:
    """Delivery failures.

    Share of the host's messages that failed, were cancelled by the system, or are still
    awaiting although their moment has passed; by status, channel and gateway.
    """
    codes = {
        name: rows.facts.code("status", name)
        for name in ("failed", "cancelled_by_system", "awaiting")
    }
    status = rows["status"]
    failed = (status == codes["failed"]) | (status == codes["cancelled_by_system"])
    overdue = (status == codes["awaiting"]) & (rows["at"] < rows.until)
    bad = rows.where(np.asarray(failed | overdue))
    details = {
        "by_status": counted(bad, "status"),
        "by_channel": counted(bad, "channel"),
        "by_gateway": counted(bad, "type"),
    }
    return Figure(len(rows), share(len(bad), len(rows)), {"failures": len(bad), **details})


@metric("A3", "Sent around Hostaway", Unit.SHARE, Anchor.MESSAGES)
def sent_around(rows: Rows) -> Figure:
    """Sent around Hostaway.

    Share of the host's sent messages that were not sent with Hostaway (`sentUsingHostaway` 0).
    """
    outbound = rows.where(~rows.has(Flag.INBOUND))
    outside = int(outbound.has(Flag.OUTSIDE).sum())
    return Figure(len(outbound), share(outside, len(outbound)), {"outside": outside})


@metric("A4", "Gateway mix", Unit.COUNT, Anchor.MESSAGES, "type")
def gateways(rows: Rows) -> Figure:
    """Gateway mix.

    Messages sent by gateway: e-mail, channel, SMS, WhatsApp, …, of both sides.
    """
    counts = counted(rows, "type") if len(rows) else {}
    shares = {name: share(count, len(rows)) for name, count in counts.items()}
    return Figure(len(rows), float(len(rows)) or None, {"counts": counts, "shares": shares})
