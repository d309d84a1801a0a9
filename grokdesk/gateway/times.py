"""Moments as JSON has them."""

from datetime import UTC, datetime


def iso_time(at: float) -> str:
    """Of Unix time, in whole seconds."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
