"""What a host should know in the morning, without a guest's name or word."""

from datetime import datetime, timedelta
from typing import Any

from hostaway_message_db.insights.figures import Figures, Period
from hostaway_message_db.insights.waiting_list import who_waits

MOST_LISTED = 10
UNHAPPY_DAYS = 14


async def brief(figures: Figures, now: datetime, account_id: str | None = None) -> dict[str, Any]:
    """Return who waits for an answer, and which stays of two weeks sound unhappy, worst first."""
    waiting = await who_waits(figures, now, limit=MOST_LISTED, account_id=account_id)
    period = Period(now - timedelta(days=UNHAPPY_DAYS), now)
    answer = await figures.tell(["S3"], period, now, account_id=account_id)
    tone = answer.told[0].figure
    return {
        "waiting_count": waiting.n,
        "waiting": [
            {
                "conversation_id": one.conversation_id,
                "property": (one.message.get("property") or {}).get("name"),
                "stage": one.stage,
                "tone": one.tone,
                "age_seconds": one.age_seconds,
            }
            for one in waiting.waiting
        ],
        "labelled_stays": tone.n,
        "unhappy_count": tone.details.get("negative", 0),
        "unhappy": tone.details.get("stays", [])[:MOST_LISTED],
    }
