"""How much is tried: a sample in every run, all of it with GROKDESK_TESTS=complete."""

import os

COMPLETE = os.environ.get("GROKDESK_TESTS") == "complete"


def tries(sample: int, everything: int) -> int:
    return everything if COMPLETE else sample
