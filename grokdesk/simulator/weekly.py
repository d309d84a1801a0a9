"""The weekly credit pool as a gRPC-web answer; protobuf by hand, it is one message."""

import struct
from datetime import UTC, datetime, timedelta
from typing import Final

CONTENT_TYPE: Final = "application/grpc-web+proto"

_CHAT_PRODUCT: Final = 4
_IMAGINE_PRODUCT: Final = 5
_CHAT_SHARE: Final = 0.75
_PERIOD: Final = timedelta(days=7)

_USED_PERCENT, _PERIOD_START, _PERIOD_END, _BREAKDOWN = 1, 4, 5, 7


def paid_answer(used_percent: float, now: datetime) -> bytes:
    """A paying account, three days into its week."""
    start = now - timedelta(days=3)
    # Fractions of a second are what tells an unused pool from a free account.
    start = start.replace(microsecond=start.microsecond or 1)
    chat = used_percent * _CHAT_SHARE
    config = (
        (_float(_USED_PERCENT, used_percent) if used_percent else b"")  # 0 is not sent
        + _bytes(_PERIOD_START, _timestamp(start))
        + _bytes(_PERIOD_END, _timestamp(start + _PERIOD))
        + _bytes(_BREAKDOWN, _share(_CHAT_PRODUCT, chat))
        + _bytes(_BREAKDOWN, _share(_IMAGINE_PRODUCT, used_percent - chat))
    )
    return _answer(_bytes(1, config))


def free_answer(now: datetime) -> bytes:
    """No pool: no percentage, and a period on whole seconds."""
    start = datetime(now.year, now.month, now.day, tzinfo=UTC)
    config = _bytes(_PERIOD_START, _timestamp(start)) + _bytes(
        _PERIOD_END, _timestamp(start + _PERIOD)
    )
    return _answer(_bytes(1, config))


def unauthenticated_answer() -> bytes:
    """gRPC says no in the trailer of an HTTP 200."""
    return _frame(0x80, b"grpc-status:16\r\ngrpc-message:unauthenticated\r\n")


def _answer(message: bytes) -> bytes:
    return _frame(0x00, message) + _frame(0x80, b"grpc-status:0\r\n")


def _frame(flag: int, payload: bytes) -> bytes:
    return bytes((flag,)) + len(payload).to_bytes(4, "big") + payload


def _timestamp(moment: datetime) -> bytes:
    seconds = int(moment.timestamp())
    nanos = moment.microsecond * 1000
    return _varint_field(1, seconds) + (_varint_field(2, nanos) if nanos else b"")


def _share(product: int, percent: float) -> bytes:
    return _varint_field(1, product) + _float(2, percent)


def _varint_field(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _float(number: int, value: float) -> bytes:
    return _varint(number << 3 | 5) + struct.pack("<f", value)


def _bytes(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
