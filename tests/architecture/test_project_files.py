"""What is in the repository: nothing of one machine, and every dependency pinned."""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from architecture.files import ROOT, name_of

HERE = Path(__file__)
MACHINE_PATH = re.compile(
    r"(?<![\w.])/(?:work/(?:main|shared)|root/|home/\w+|Users/\w+|tmp/\w*jobs)"
)
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
INDEX_OPTION = re.compile(r"--(?:extra-)?index-url|--find-links|--trusted-host|--default-index")
PUBLIC_INDEXES = {"pypi.org", "files.pythonhosted.org"}
PINNED = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^ ;\\]+)(?P<marker> *;[^\\]*)?")


def texts(files: list[Path]) -> Iterator[tuple[Path, str]]:
    for path in files:
        if path == HERE:
            continue
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_no_file_names_a_path_of_one_machine(project_files: list[Path]) -> None:
    found = [f"{name_of(p)}: {m[0]}" for p, text in texts(project_files)
             for m in MACHINE_PATH.finditer(text)]  # fmt: skip
    assert not found


def test_nothing_is_left_unfinished(project_files: list[Path]) -> None:
    found = [f"{name_of(p)}: {m[0]}" for p, text in texts(project_files)
             for m in UNFINISHED.finditer(text)]  # fmt: skip
    assert not found


def test_no_file_names_a_package_index(project_files: list[Path]) -> None:
    hosts = {
        host
        for name, value in os.environ.items()  # noqa: TID251 - where this machine gets packages
        if re.search(r"INDEX|REGISTRY|PROXY", name, re.IGNORECASE)
        and (host := urlsplit(value).hostname)
    } - PUBLIC_INDEXES - {"localhost", "127.0.0.1"}  # fmt: skip
    for path, text in texts(project_files):
        assert not INDEX_OPTION.search(text), name_of(path)
        assert not [host for host in hosts if host in text], name_of(path)


def test_no_file_is_a_secret_or_a_leftover(project_files: list[Path]) -> None:
    unwanted = re.compile(r"\.env$|\.pyc$|\.pem$|\.orig$|\.rej$|~$|\.log$|\.DS_Store$")
    assert not [name_of(path) for path in project_files if unwanted.search(path.name)]


def pins_of(name: str) -> dict[str, list[Version]]:
    """Read the pins of a requirements file; each must bear at least one hash."""
    pins: dict[str, list[Version]] = {}
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = PINNED.match(line)
        assert match, f"{name}: {line[:60]} is not pinned"
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), f"{match['name']} has no hash"
        pins.setdefault(canonicalize_name(match["name"]), []).append(Version(match["version"]))
    return pins


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_dependency_is_pinned_with_hashes_at_a_version_that_suits(name: str) -> None:
    pins = pins_of(name)
    assert pins
    for text in project()["project"]["dependencies"]:
        wanted = Requirement(text)
        pinned = pins.get(canonicalize_name(wanted.name))
        assert pinned, f"{wanted.name} is not in {name}"
        assert all(wanted.specifier.contains(version) for version in pinned), text


def test_every_tool_is_pinned_with_hashes_at_a_version_that_suits() -> None:
    pins = pins_of("requirements-dev.txt")
    for text in project()["dependency-groups"]["dev"]:
        wanted = Requirement(text)
        pinned = pins.get(canonicalize_name(wanted.name))
        assert pinned, f"{wanted.name} is not in requirements-dev.txt"
        assert all(wanted.specifier.contains(version) for version in pinned), text


def test_users_and_developers_run_the_same_versions() -> None:
    used, developed = pins_of("requirements.txt"), pins_of("requirements-dev.txt")
    assert {name: developed.get(name) for name in used} == used


def test_every_dependency_is_bounded_from_below() -> None:
    declared = project()
    for text in declared["project"]["dependencies"] + declared["dependency-groups"]["dev"]:
        assert any(s.operator in {">=", "=="} for s in Requirement(text).specifier), text
