"""What is written down when an account changes its state by itself."""

from grokdesk.domain.account import Evidence
from grokdesk.domain.circumstances import Surroundings
from grokdesk.domain.diagnosis import diagnose
from grokdesk.domain.errors import UpstreamError

_EXCERPT_CHARS = 300


def evidence_of(
    error: BaseException, now: float, request_id: str = "", around: Surroundings | None = None
) -> Evidence:
    """`now` is Unix time. The excerpt was redacted by whoever raised the error."""
    diagnosis = diagnose(error, around)
    upstream = error if isinstance(error, UpstreamError) else None
    return Evidence(
        at=now,
        summary=diagnosis.sentence,
        status=upstream.status if upstream else None,
        excerpt=upstream.excerpt[:_EXCERPT_CHARS] if upstream else "",
        request_id=request_id,
        verdict=diagnosis.verdict.value,
        action=diagnosis.action,
    )
