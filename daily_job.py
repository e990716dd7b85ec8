"""What cron runs: the daily job, once."""

from hostaway_message_db.__main__ import main

main(["daily-job"])
