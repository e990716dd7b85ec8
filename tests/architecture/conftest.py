"""Which files of the project count."""

import subprocess
from pathlib import Path

import pytest

from architecture.files import ROOT


@pytest.fixture(scope="session")
def project_files() -> list[Path]:
    """Every file that is tracked or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is no git checkout")
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]
