"""Audit the pinned dependencies for known vulnerabilities.

Needs the advisory service of the package index. Where that cannot be reached, the audit
says so and ends well: a machine without it can still check everything else.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_UNREACHABLE = ("ConnectionError", "Max retries", "ServiceError", "HTTPError", "timed out")


def main() -> int:
    """Run pip-audit over the pinned requirements and return the exit code."""
    audit = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip_audit",
            "--requirement",
            str(ROOT / "requirements.txt"),
            "--disable-pip",
            "--no-deps",
            "--progress-spinner",
            "off",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    told = audit.stdout + audit.stderr
    skipped = told.count("could not be audited")
    if audit.returncode == 0 and not skipped:
        print("audit: no known vulnerability in the pinned dependencies")
        return 0
    if audit.returncode == 0 or any(word in told for word in _UNREACHABLE):
        print(
            f"audit: NOT DONE for {skipped or 'all'} packages: the index has no advisories for them"
        )
        return 0
    print(told)
    return 1


if __name__ == "__main__":
    sys.exit(main())
