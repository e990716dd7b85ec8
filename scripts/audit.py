"""Audit the pinned dependencies for known vulnerabilities.

Asks the package index for its advisories, and OSV (osv.dev) where the index has none. Ends
with 1 if an advisory names a version that is pinned. Where neither can be read it says what
was not checked and ends well, so that a machine without them can check everything else;
with `--require-advisories` that is a failure too (2), as it is for a release.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_SECONDS = 300
SHOWN_NAMES = 5
CLEAN, VULNERABLE, NOT_CHECKED = 0, 1, 2
_UNREACHABLE = ("ConnectionError", "Max retries", "ServiceError", "HTTPError", "timed out")


class AuditBrokeError(Exception):
    """pip-audit ended without a result, and not because nobody answered."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one service said: packages by name and version."""

    checked: list[str]
    unchecked: list[str]
    vulnerabilities: list[str]


def read(document: Any) -> Findings:
    """Read pip-audit's JSON."""
    checked, unchecked, vulnerabilities = [], [], []
    for package in document["dependencies"]:
        if "skip_reason" in package:
            unchecked.append(package["name"])
            continue
        name = f"{package['name']} {package['version']}"
        checked.append(name)
        for found in package["vulns"]:
            fixed = ", ".join(found["fix_versions"]) or "no version yet"
            vulnerabilities.append(f"{name}: {found['id']}, fixed in {fixed}")
    return Findings(checked, unchecked, vulnerabilities)


def ask(requirements: Path, service: str, *options: str) -> Findings | None:
    """Run pip-audit over the pins; None where the service could not be reached."""
    audit = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "--requirement", str(requirements)),
            *("--vulnerability-service", service, "--format", "json", "--disable-pip"),
            *("--no-deps", "--progress-spinner", "off", *options),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )
    if audit.stdout.startswith("{"):
        return read(json.loads(audit.stdout))
    if any(word in audit.stderr for word in _UNREACHABLE):
        return None
    raise AuditBrokeError(audit.stderr)


def verdict(findings: Findings | None) -> tuple[int, list[str]]:
    """Return how the audit ends, and what it says."""
    if findings is None or not (findings.checked or findings.unchecked):
        return NOT_CHECKED, ["NOT CHECKED: no service with advisories could be reached."]
    if findings.vulnerabilities:
        count = len(findings.vulnerabilities)
        head = f"{count} known {'vulnerability' if count == 1 else 'vulnerabilities'}:"
        return VULNERABLE, [head, *findings.vulnerabilities]
    if findings.unchecked:
        total = len(findings.checked) + len(findings.unchecked)
        some = ", ".join(findings.unchecked[:SHOWN_NAMES])
        more = ", ..." if len(findings.unchecked) > SHOWN_NAMES else ""
        return NOT_CHECKED, [
            (
                f"NOT CHECKED: {len(findings.unchecked)} of {total} pinned packages, for which"
                f" no advisories could be read ({some}{more})."
            )
        ]
    return CLEAN, [f"{len(findings.checked)} pinned packages, no known vulnerability."]


def main() -> int:
    """Audit, say what was found, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requirements", type=Path, default=ROOT / "requirements-dev.txt")
    parser.add_argument("--osv-url", help="ask this service alone, which speaks OSV's protocol")
    parser.add_argument("--require-advisories", action="store_true")
    given = parser.parse_args()
    try:
        if given.osv_url:
            findings = ask(given.requirements, "osv", "--osv-url", given.osv_url)
        else:
            findings = ask(given.requirements, "pypi")
            if findings is None or not findings.checked:
                findings = ask(given.requirements, "osv") or findings
    except AuditBrokeError as error:
        print(f"audit: pip-audit broke:\n{error}", file=sys.stderr)
        return NOT_CHECKED
    except subprocess.TimeoutExpired:
        findings = None
    code, lines = verdict(findings)
    for line in lines:
        print(f"audit: {line}")
    if code == NOT_CHECKED and not given.require_advisories:
        print("audit: Everything else was checked; repeat this where advisories can be read.")
        return CLEAN
    return code


if __name__ == "__main__":
    sys.exit(main())
