"""The tutorial, done by a shell as a reader does it: each command works and shows what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.installation import ROOT, until
from support.receivers import unused_port

TUTORIAL = ROOT / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(?P<language>sh|ini)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
PORT_OF_THE_TUTORIAL = "8123"
BIN = str(Path(sys.executable).parent)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_block_of_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    port = str(unused_port())
    text = TUTORIAL.read_text(encoding="utf-8").replace(PORT_OF_THE_TUTORIAL, port)
    blocks = [(match["language"], match["text"]) for match in BLOCK.finditer(text)]
    settings = [body for language, body in blocks if language == "ini"]
    simulator, *steps = [body for language, body in blocks if language == "sh"]
    environment = {"PATH": os.pathsep.join((BIN, os.defpath)), "HOME": str(tmp_path)}
    (tmp_path / ".env").write_text("".join(settings), encoding="utf-8")
    said = tmp_path / "simulator.txt"
    with said.open("w") as output:
        serving = subprocess.Popen(
            ["sh", "-c", f"exec {simulator}"],  # noqa: S607 - the shell that a reader has
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=tmp_path,
        )
    try:
        until(lambda: port in said.read_text("utf-8"), serving)  # type: ignore[arg-type]
        shown = [follow(step, environment, tmp_path) for step in steps]
    finally:
        serving.terminate()
        serving.wait()
    everything = "\n".join(shown)
    assert "answers and takes the credentials" in shown[0]
    assert "4 of 4 messages would be stored" in shown[1]
    assert "Complete initial run" in shown[1]
    assert "3 requests" in shown[2]
    assert re.search(r"messages +│ +0 │ +0 │ +0 │ +0 │ +0 │", shown[2])
    assert "The wifi password is wrong." in shown[3]
    assert re.search(r"messages +│ +\d+ │ +1 │ +0 │", shown[4])
    assert "Is there a piano?" in shown[4]
    assert everything.count("Proved complete") == 2
    assert "exit code 75" in shown[6]
    assert "21000087" in shown[6]
    assert "Complete incremental run" in shown[7]
    after = shown[8].rpartition("Complete incremental run")[2]
    assert "piano" not in after
    assert "Liam" not in after
    assert (tmp_path / "dossier" / "guest.html").is_file()


def follow(step: str, environment: dict[str, str], folder: Path) -> str:
    """Do one block of the tutorial; its last command must succeed."""
    done = subprocess.run(
        ["sh", "-e", "-c", step.replace('\necho "exit code', ' || echo "exit code')],  # noqa: S607
        env=environment,
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, f"{step}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr
