"""Draw docs/images/*.svg: what the commands really print, on a terminal, of a simulated account.

Runs the installed command against the simulator and the embedded MongoDB in a folder of its
own. Run it again when what the commands print has changed.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from hostaway_message_db.simulator import FaultPlan, FaultRule, RunningSimulator, WorldOptions

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
NAME = "hostaway-message-db"
COMMAND = str(Path(sys.executable).with_name(NAME))
COLUMNS, ROWS = 112, 60
CONVERSATION = 21000087
FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""No font is fetched from elsewhere when a picture is looked at."""

Step = tuple[str, ...] | Callable[[], object]


def main() -> None:
    """Run the commands and draw what they print."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    world = WorldOptions(conversation_count=120)
    with tempfile.TemporaryDirectory() as folder, RunningSimulator(world) as simulator:
        settings = {
            "PATH": os.defpath,
            "TERM": "xterm-256color",
            "HOSTAWAY_ACCOUNT_ID": world.account_id,
            "HOSTAWAY_API_KEY": world.api_key,
            "HOSTAWAY_BASE_URL": simulator.base_url,
            "HOSTAWAY_REQUEST_DELAY": "0.05",
            "HOSTAWAY_MAX_RETRIES": "0",
        }
        control = simulator.control
        fails = FaultPlan(rules=(FaultRule(effect="fail_200", conversation_id=CONVERSATION),))
        pictures: dict[str, tuple[Step, ...]] = {
            "sync": (
                ("sync",),
                lambda: control.add_message(CONVERSATION, "Is there a piano?"),
                ("sync",),
            ),
            "search": (("search", "wifi", "--limit", "5"), ("search", "piano")),
            "verify": (("verify",), ("verify", "--deep")),
            "partial": (
                lambda: control.set_faults(fails),
                ("sync", "--full"),
                control.clear_faults,
                ("sync",),
            ),
            "status": (("status",),),
        }
        for name, steps in pictures.items():
            draw(name, [shown(step, settings, Path(folder)) for step in steps])


def shown(step: Step, settings: dict[str, str], folder: Path) -> str:
    """Do a step, and return what a terminal shows of it."""
    if not isinstance(step, tuple):
        step()
        return ""
    code, output = on_terminal([COMMAND, *step], settings, folder)
    typed = f"\x1b[1;32m$\x1b[0m \x1b[1m{NAME} {' '.join(step)}\x1b[0m\n"
    return f"{typed}{output}\x1b[2m(exit code {code})\x1b[0m\n"


def on_terminal(command: list[str], settings: dict[str, str], folder: Path) -> tuple[int, str]:
    """Run a command on a terminal of its own; the progress bar goes elsewhere."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    with subprocess.Popen(
        command,
        env=settings,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # how a terminal says that the other side has gone
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    return process.returncode, b"".join(parts).decode().replace("\r\n", "\n")


def draw(name: str, texts: list[str]) -> None:
    """Write one picture."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        console.print(Text.from_ansi("\n".join(text for text in texts if text)))
        svg = console.export_svg(title=NAME, theme=MONOKAI, unique_id=name)
    (IMAGES / f"{name}.svg").write_text(FONT_FACE.sub("", svg), encoding="utf-8")
    print(f"docs/images/{name}.svg")


if __name__ == "__main__":
    main()
