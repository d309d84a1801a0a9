"""As much of protobuf's wire format as one answer needs."""

import struct
from typing import TypeAlias

Value: TypeAlias = int | bytes
Fields: TypeAlias = dict[int, list[Value]]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_VARINT_LIMIT = 10  # bytes of the longest one


def fields_of(message: bytes) -> Fields:
    """Values by field number in order: whole numbers, or bytes. Raise ValueError."""
    fields: Fields = {}
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        value, at = _value(message, at, key & 7)
        fields.setdefault(key >> 3, []).append(value)
    return fields


def message_at(fields: Fields, number: int) -> Fields:
    """The last message with the number; empty when there is none."""
    values = [value for value in fields.get(number, ()) if isinstance(value, bytes)]
    return fields_of(values[-1]) if values else {}


def whole_at(fields: Fields, number: int) -> int:
    values = [value for value in fields.get(number, ()) if isinstance(value, int)]
    return values[-1] if values else 0


def float_at(fields: Fields, number: int) -> float | None:
    """A float32; None when it is absent, which protobuf does not tell from 0."""
    for value in fields.get(number, ()):
        if isinstance(value, bytes) and len(value) == 4:
            return float(struct.unpack("<f", value)[0])
    return None


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(message[at : at + _VARINT_LIMIT]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, at + index + 1
    raise ValueError("a number does not end")


def _value(message: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == _VARINT:
        return _varint(message, at)
    if kind == _BYTES:
        size, at = _varint(message, at)
    elif kind in (_FIXED32, _FIXED64):
        size = 4 if kind == _FIXED32 else 8
    else:
        raise ValueError("a kind of field that is not in use")
    if at + size > len(message):
        raise ValueError("a field is cut off")
    return message[at : at + size], at + size
