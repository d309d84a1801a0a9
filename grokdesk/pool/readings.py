"""What a quota reading changes, with calls that were made while it was on its way."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from types import MappingProxyType

from grokdesk.domain.quota import Mode, QuotaWindow
from grokdesk.pool.member import Member


@dataclass(frozen=True, slots=True)
class ReadingTicket:
    """Taken when a quota reading is asked for, so that calls made meanwhile are not forgotten."""

    account_id: str
    leased: MappingProxyType[Mode, int]
    holder: object = None
    """The pool's own mark: the account may leave, and come back, before the reading comes."""


def ticket_for(member: Member) -> ReadingTicket:
    return ReadingTicket(member.account.id, MappingProxyType(dict(member.leased)), member)


def merge_readings(
    member: Member,
    ticket: ReadingTicket,
    readings: Iterable[QuotaWindow],
    absent: Collection[Mode],
) -> None:
    """Modes that were not read keep their windows, those that are `absent` lose them."""
    for reading in readings:
        mode = reading.mode
        before = ticket.leased.get(mode, 0)
        known = member.windows.get(mode, reading)
        leased = member.leased.get(mode, 0)
        merged = member.windows[mode] = known.merge(reading, leased - before)
        # While a refusal holds against readings, it holds against refunds too.
        member.not_refundable[mode] = leased if merged.wait_s > 0 else before
    for mode in absent:
        member.windows.pop(mode, None)
