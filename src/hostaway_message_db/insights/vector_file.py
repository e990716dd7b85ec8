"""Vectors of texts in one file, mapped into memory: exact search without reading all of it.

The file is a copy of the collection `embeddings` for one model. It is brought up to date before
every search, and written anew beside its name, so a reader never sees half of it.
"""

import json
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hostaway_message_db.ports import VectorStore

ALIGNMENT = 64
PREFIX = "vectors-"
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VectorFile:
    """Texts by their hashes, and a row of numbers for each."""

    hashes: list[str]
    matrix: Matrix

    def nearest(
        self, vector: Matrix, limit: int, allowed: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the allowed texts that are nearest to a vector, with their nearness from -1 to 1.

        Exact: every allowed row is compared.
        """
        length = float(np.linalg.norm(vector))
        if not self.hashes or not length:
            return []
        scores = self.matrix @ (vector / np.float32(length))
        if allowed is not None:
            kept = np.fromiter((h in allowed for h in self.hashes), bool, len(self.hashes))
            scores = np.where(kept, scores, -np.inf)
        number = min(limit, len(self.hashes))
        best = np.argpartition(-scores, number - 1)[:number]
        ordered = sorted(best.tolist(), key=lambda row: (-float(scores[row]), self.hashes[row]))
        return [
            (self.hashes[row], float(scores[row])) for row in ordered if np.isfinite(scores[row])
        ]


def path_of(folder: Path, model: str) -> Path:
    """Return where the vectors of a model are kept."""
    return folder / f"{PREFIX}{re.sub(r'[^A-Za-z0-9._-]', '-', model)}.f32"


def forget_files(folder: Path) -> None:
    """Delete all files of vectors: a text that was forgotten may be in them."""
    for path in folder.glob(f"{PREFIX}*.f32*"):
        path.unlink(missing_ok=True)


def read_file(path: Path) -> VectorFile:
    """Map a file; one that is missing or no such file has no rows."""
    try:
        with path.open("rb") as file:
            head = json.loads(file.readline())
            hashes: list[str] = json.loads(file.readline())
            start = -(-file.tell() // ALIGNMENT) * ALIGNMENT
        shape = (int(head["rows"]), int(head["numbers"]))
        if shape[0] != len(hashes) or not hashes:
            return _EMPTY
        matrix = np.memmap(path, dtype="<f4", mode="r", offset=start, shape=shape)
    except (OSError, ValueError, KeyError, TypeError):
        return _EMPTY
    return VectorFile(hashes, matrix)


_EMPTY = VectorFile([], np.zeros((0, 0), dtype=np.float32))


def write_file(path: Path, hashes: list[str], matrix: Matrix) -> None:
    """Write a file that only its owner reads, in place of the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = json.dumps({"rows": len(hashes), "numbers": int(matrix.shape[1])}).encode() + b"\n"
    head += json.dumps(hashes).encode() + b"\n"
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(head + b"\0" * (-len(head) % ALIGNMENT))
            file.write(np.ascontiguousarray(matrix, dtype="<f4").data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


async def current_file(store: VectorStore, folder: Path, model: str) -> VectorFile:
    """Return the vectors of a model as they are stored now; writes the file if they changed."""
    path = path_of(folder, model)
    kept, stored = read_file(path), await store.text_hashes(model)
    if set(kept.hashes) == stored:
        return kept
    rows: dict[str, Matrix] = {
        hashed: row
        for hashed, row in zip(kept.hashes, kept.matrix, strict=True)
        if hashed in stored
    }
    async for batch in store.vectors(model, stored - rows.keys()):
        rows |= {hashed: np.frombuffer(vector, dtype="<f4") for hashed, vector in batch}
    if not rows:
        path.unlink(missing_ok=True)
        return _EMPTY
    write_file(path, list(rows), np.stack(list(rows.values())))
    return read_file(path)
