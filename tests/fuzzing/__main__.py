"""Fuzz every target with atheris: libFuzzer, guided by what of our code an input reaches.

`python -m fuzzing --inputs 1000000 --seed 1` spreads that many inputs over the table of
`targets.py`, each target in a process of its own, and ends with 1 if one of them found
something. What was found lies in `--found`; `python -m fuzzing --replay FILE --only NAME`
calls a target with it.
"""

import argparse
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

MOST_BYTES = 2_000
MOST_MEMORY_MB = 2_048
OWN_PACKAGE = "hostaway_message_db"
_DONE = re.compile(r"Done (\d+) (?:runs )?in (\d+) second")


def main() -> int:
    """Fuzz all targets, or be the process that fuzzes one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="of all targets together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="the name of one target")
    parser.add_argument("--found", type=Path, default=Path("fuzzing-found"))
    parser.add_argument("--replay", type=Path, help="call the target with this file alone")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.replay:
        _replay(given.only, given.replay)
        return 0
    if given.child:
        _fuzz(given.only, given.corpus, given.found, given.inputs, given.seed)
    return _fuzz_all(given)


def _fuzz_all(given: argparse.Namespace) -> int:
    targets = importlib.import_module("fuzzing.targets").TARGETS
    chosen = [target for target in targets if given.only in {None, target.name}]
    parts = sum(target.weight for target in chosen)
    broken, total, began = [], 0, time.monotonic()
    print("| Target | Inputs | Seconds |\n|---|---:|---:|")
    for target in chosen:
        share = -(-given.inputs * target.weight // parts)
        runs, seconds, is_sound = _fuzz_in_a_process(target, share, given)
        total += runs
        print(f"| {target.name} | {runs:,} | {seconds} |{'' if is_sound else ' FOUND'}", flush=True)
        broken += [] if is_sound else [target.name]
    took = time.monotonic() - began
    print(f"| **all**, seed {given.seed} | **{total:,}** | **{took:.0f}** |")
    if broken:
        print(f"Found something in: {', '.join(broken)}; the inputs are in {given.found}")
    return 1 if broken else 0


def _fuzz_in_a_process(
    target: Any, inputs: int, given: argparse.Namespace
) -> tuple[int, int, bool]:
    given.found.mkdir(parents=True, exist_ok=True)
    corpus = Path(tempfile.mkdtemp(prefix="fuzzing-corpus-"))
    try:
        for number, seed in enumerate(target.seeds):
            (corpus / str(number)).write_bytes(seed)
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "fuzzing", "--child", "--only", target.name),
                *("--corpus", str(corpus), "--found", str(given.found)),
                *("--inputs", str(inputs), "--seed", str(given.seed)),
            ],
            capture_output=True,
            check=False,
            env={**os.environ, "TMPDIR": str(corpus)},  # noqa: TID251 - handed on as it is
        )
    finally:
        shutil.rmtree(corpus, ignore_errors=True)
    told = ran.stderr.decode("utf-8", "replace")
    done = _DONE.search(told)
    if ran.returncode or not done:
        print(ran.stdout.decode("utf-8", "replace")[-3_000:], file=sys.stderr)
        print(told[told.find("==") :][:3_000], file=sys.stderr)
    return (int(done[1]) if done else 0, int(done[2]) if done else 0, not ran.returncode)


def _fuzz(name: str, corpus: Path, found: Path, inputs: int, seed: int) -> None:
    """Fuzz one target; never returns."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=[OWN_PACKAGE]):
        table = importlib.import_module("fuzzing.targets")
    target = next(each for each in table.TARGETS if each.name == name)
    words = corpus / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
    samples = corpus / "samples"
    samples.mkdir()
    for file in corpus.glob("[0-9]*"):
        file.rename(samples / file.name)
    atheris.Setup(
        [
            sys.argv[0],
            *(f"-runs={inputs}", f"-seed={seed}", f"-max_len={MOST_BYTES}", f"-dict={words}"),
            *(f"-timeout={table.SECONDS_PER_INPUT}", f"-rss_limit_mb={MOST_MEMORY_MB}"),
            *(f"-artifact_prefix={found}/{name}-", str(samples)),
        ],
        lambda given: table.check(target, given),
    )
    atheris.Fuzz()


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


def _replay(name: str, file: Path) -> None:
    table = importlib.import_module("fuzzing.targets")
    target = next(each for each in table.TARGETS if each.name == name)
    table.check(target, file.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
