"""The process entry of the command `hostaway-message-db`."""

import sys
from collections.abc import Sequence

from hostaway_message_db.cli.app import app
from hostaway_message_db.errors import ExitCode
from hostaway_message_db.utils.memory import give_back_freed_memory

_USAGE_ERROR_OF_THE_PARSER = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process; a usage error ends with 64 (sysexits)."""
    give_back_freed_memory()
    try:
        app(list(arguments) if arguments is not None else None)
    except SystemExit as end:
        if end.code == _USAGE_ERROR_OF_THE_PARSER:
            sys.exit(ExitCode.USAGE)
        raise


if __name__ == "__main__":
    main()
