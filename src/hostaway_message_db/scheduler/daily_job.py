"""What cron calls: one sync under the lease, recorded in the ledger."""

from hostaway_message_db.bootstrap import Application
from hostaway_message_db.pipeline.report import SyncReport
from hostaway_message_db.ports import Audience


async def run_daily_job(application: Application, audience: Audience) -> SyncReport:
    """Run the daily job once; an unfinished run before it is resumed by the same algorithm."""
    return await application.sync(audience)
