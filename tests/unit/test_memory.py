import subprocess
import sys

import pytest

_RESIDENT_AFTER_BLOCKS_CAME_AND_WENT = """
import sys
from pathlib import Path
from hostaway_message_db.utils.memory import give_back_freed_memory

def resident_kilobytes():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

if sys.argv[1] == "gives back":
    assert give_back_freed_memory()
before = resident_kilobytes()
pins = []
for _ in range(3):
    blocks = []
    for number in range(100):
        blocks.append(bytes([1]) * 800_000)
        pins.append(bytes(1_000))
    del blocks
print(resident_kilobytes() - before)
"""


def grown_kilobytes(mode: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", _RESIDENT_AFTER_BLOCKS_CAME_AND_WENT, mode],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.skipif("sys.platform != 'linux'", reason="the GNU C library of Linux is told")
def test_big_blocks_that_were_freed_go_back_to_the_system() -> None:
    assert grown_kilobytes("gives back") < 20_000
    assert grown_kilobytes("keeps") > 40_000
