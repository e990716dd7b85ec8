"""What a message's own text tells: its core, its language, whether it wants an answer."""

from functools import cache
from hashlib import blake2b
from typing import Final

from hostaway_message_db.enrichment.core_text import core_text
from hostaway_message_db.enrichment.language import detect_language, is_detector_installed
from hostaway_message_db.enrichment.plain_text import to_plain_text
from hostaway_message_db.enrichment.quoted_markup import with_quotations_as_lines
from hostaway_message_db.enrichment.reply import find_reply_need
from hostaway_message_db.models.records import Reading

_HASH_BYTES: Final = 16


def read_text(content: str, *, body: str, is_inbound: bool, has_files: bool) -> Reading:
    """Return what the text of a message tells: `content` is what `to_plain_text` made of `body`.

    Total. The language is null where the text is too short or too doubtful to tell it, and
    without the extra `nlp`. Only guests' messages want an answer or do not.
    """
    core = _written(content, body)
    language = detect_language(core) if core and _can_detect() else None
    is_sure = language is not None and language.is_reliable
    need = find_reply_need(core, has_files=has_files) if is_inbound else None
    return Reading(
        core=None if core == content else core,
        text_hash=text_hash(core),
        language=language.code if language and is_sure else None,
        language_confidence=language.confidence if language and is_sure else None,
        needs_reply=need.is_needed if need else None,
        needs_reply_reason=str(need.reason) if need else None,
    )


def _written(content: str, body: str) -> str:
    """Return the core, also of mail whose quotations only its HTML marks."""
    marked = with_quotations_as_lines(body) if content else None
    if marked is None:
        return core_text(content)
    lined = to_plain_text(marked)
    core = core_text(lined)
    # Nothing was cut: there is nothing but a quotation.
    return core_text(content) if core == lined else core


def text_hash(core: str) -> str | None:
    """Return by what equal texts are known; None for a text that holds nothing."""
    if not core.strip():
        return None
    return blake2b(core.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).hexdigest()


@cache
def _can_detect() -> bool:
    """Return whether the language can be told; what is installed does not change meanwhile."""
    return is_detector_installed()
