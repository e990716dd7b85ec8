"""Vectors of texts in one file, mapped into memory: exact search without reading all of it.

The file is a copy of the collection `embeddings` for one model. It is brought up to date before
a search if the store has changed, and written anew beside its name: a reader never sees half of it.
"""

import asyncio
import json
import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from hostaway_message_db.ports import VectorStore

HEAD_BYTES: Final = 64
"""Of the first line, which is padded: the rows after it stand where processors like them."""
PREFIX: Final = "vectors-"
ROWS_AT_ONCE: Final = 8_192
"""So many rows are copied or gathered in one step: 16 MB of 512 numbers each."""
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VectorFile:
    """Texts by their hashes, a row of numbers for each, and the state of the store they show."""

    hashes: list[str]
    matrix: Matrix
    state: str = ""

    def nearest(
        self, vector: Matrix, limit: int, allowed: Collection[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the allowed texts that are nearest to a vector, with their nearness from -1 to 1.

        Exact: every allowed row is compared.
        """
        length = float(np.linalg.norm(vector))
        if not self.hashes or not length:
            return []
        unit = vector / np.float32(length)
        if allowed is None:
            rows, scores = np.arange(len(self.hashes)), np.asarray(self.matrix @ unit)
        else:
            rows = np.array([n for n, h in enumerate(self.hashes) if h in allowed], dtype=np.intp)
            scores = self._scores(rows, unit)
        if not len(rows):
            return []
        number = min(limit, len(rows))
        best = np.argpartition(-scores, number - 1)[:number]
        found = [(self.hashes[rows[each]], float(scores[each])) for each in best.tolist()]
        return sorted(found, key=lambda text: (-text[1], text[0]))

    def _scores(self, rows: npt.NDArray[np.intp], unit: Matrix) -> Matrix:
        """Return the nearness of some of the rows, never with all of them in memory."""
        scores = np.zeros(len(rows), dtype=np.float32)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = rows[start : start + ROWS_AT_ONCE]
            scores[start : start + len(some)] = self.matrix[some] @ unit
        return scores


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
            head = json.loads(file.read(HEAD_BYTES))
            shape = (int(head["rows"]), int(head["numbers"]))
            file.seek(HEAD_BYTES + shape[0] * shape[1] * 4)
            foot = json.loads(file.read())
        hashes, state = foot["hashes"], foot["state"]
        if shape[0] != len(hashes) or not isinstance(state, str):
            return _EMPTY
        if not hashes:
            return VectorFile([], _EMPTY.matrix, state)
        matrix = np.memmap(path, dtype="<f4", mode="r", offset=HEAD_BYTES, shape=shape)
    except (OSError, ValueError, KeyError, TypeError):
        return _EMPTY
    return VectorFile(hashes, matrix, state)


_EMPTY = VectorFile([], np.zeros((0, 0), dtype=np.float32))


class _Rows:
    """A file that grows row by row."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hashes: list[str] = []
        self._numbers = 0

    def add(self, hashes: Sequence[str], rows: Matrix) -> None:
        if not hashes:
            return
        self._numbers = rows.shape[1]
        self._hashes += hashes
        self._file.write(np.ascontiguousarray(rows, dtype="<f4").data)

    def end(self, state: str) -> None:
        self._file.write(json.dumps({"state": state, "hashes": self._hashes}).encode())
        head = json.dumps({"rows": len(self._hashes), "numbers": self._numbers})
        self._file.seek(0)
        self._file.write(head.ljust(HEAD_BYTES - 1).encode() + b"\n")


@contextmanager
def _beside(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a file that only its owner reads, beside the one whose place it may take."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(b" " * HEAD_BYTES)
            yield file, beside
    finally:
        beside.unlink(missing_ok=True)


async def _write(store: VectorStore, path: Path, model: str, state: str) -> None:
    """Write the vectors that are stored now, taking from the file before what it has of them."""
    kept, stored = await asyncio.to_thread(read_file, path), await store.text_hashes(model)
    with _beside(path) as (file, beside):
        rows = _Rows(file)
        for start in range(0, len(kept.hashes), ROWS_AT_ONCE):
            some = range(start, min(start + ROWS_AT_ONCE, len(kept.hashes)))
            stay = [row for row in some if kept.hashes[row] in stored]
            await asyncio.to_thread(rows.add, [kept.hashes[n] for n in stay], kept.matrix[stay])
        async for batch in store.vectors(model, stored.difference(kept.hashes)):
            numbers = [np.frombuffer(vector, dtype="<f4") for _, vector in batch]
            if batch:
                rows.add([hashed for hashed, _ in batch], np.stack(numbers))
        rows.end(state)
        file.flush()
        beside.replace(path)


class VectorFiles:
    """The files of one folder; the one used last stays mapped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._model = ""
        self._file = _EMPTY
        self._turn = asyncio.Lock()

    async def current(self, store: VectorStore, model: str) -> VectorFile:
        """Return the vectors of a model as they are stored now; writes the file if they changed."""
        async with self._turn:
            # Asked for before the vectors: whatever changes meanwhile is seen by the next search.
            state = await store.state(model)
            if (self._model, self._file.state) != (model, state):
                path = path_of(self._folder, model)
                self._model, self._file = model, await asyncio.to_thread(read_file, path)
                if self._file.state != state:
                    await _write(store, path, model, state)
                    self._file = await asyncio.to_thread(read_file, path)
            return self._file
