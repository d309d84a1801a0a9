from grokdesk.domain.usage import TokenCount, UsageSummary


def test_reasoning_is_part_of_the_completion_and_not_counted_twice():
    assert TokenCount(prompt=10, completion=7, reasoning=5).total == 17


def test_an_empty_period_has_no_median():
    summary = UsageSummary()
    assert (summary.requests, summary.failed) == (0, 0)
    assert summary.median_first_chunk_s is None
