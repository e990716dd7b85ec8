"""The whole of a database, byte by byte, for those who look for what must not be there."""

from collections.abc import Iterable, Mapping
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


def dump(database: Database[Any]) -> dict[str, dict[str, bytes]]:
    """Return every document of every collection: its bytes, by its `_id`."""
    return {
        name: {
            repr(document["_id"]): bytes(document.raw)
            for document in database.get_collection(name, codec_options=RAW).find()
        }
        for name in database.list_collection_names()
    }


def places_of(
    dumped: Mapping[str, Mapping[str, bytes]], strings: Iterable[str]
) -> list[tuple[str, str]]:
    """Say in which collections these strings are, in any case."""
    wanted = {text: text.lower().encode() for text in strings}
    return sorted(
        {
            (name, text)
            for name, documents in dumped.items()
            for raw in documents.values()
            for text, sought in wanted.items()
            if sought in raw.lower()
        }
    )
