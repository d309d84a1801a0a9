"""What a person may write about an account. Each raises InvalidRequestError for all else."""

from grokdesk.domain.errors import InvalidRequestError

PRIORITY_LIMIT = 1000
IN_FLIGHT_LIMIT = 100

_LABEL_CHARS = 80
_NOTE_CHARS = 2000


def checked_label(label: str) -> str:
    label = label.strip()
    if not label or len(label) > _LABEL_CHARS or not label.isprintable():
        raise InvalidRequestError(
            f"A label needs 1 to {_LABEL_CHARS} printable characters.", param="label"
        )
    return label


def checked_note(note: str) -> str:
    note = note.strip()
    if len(note) > _NOTE_CHARS or not note.replace("\n", " ").isprintable():
        raise InvalidRequestError(
            f"A note may have {_NOTE_CHARS} printable characters.", param="note"
        )
    return note


def checked_priority(priority: int) -> int:
    return _within(priority, -PRIORITY_LIMIT, PRIORITY_LIMIT, "priority")


def checked_in_flight(max_in_flight: int) -> int:
    return _within(max_in_flight, 1, IN_FLIGHT_LIMIT, "max_in_flight")


def _within(value: int, least: int, most: int, param: str) -> int:
    if not least <= value <= most:
        raise InvalidRequestError(f"{param} must be from {least} to {most}.", param=param)
    return value
