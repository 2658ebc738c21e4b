"""How long a short message is, and in how many segments it goes out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gsm0338 import Codec

from feerules.errors import Problem
from feerules.notices.results import NoticeError, ShortMessage, given

__all__ = ["short_message", "signed"]

# Characters in one segment, and in each of several: the header that joins them takes its part.
LENGTHS: Final = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
_GSM: Final = Codec()


def signed(text: str, signature: str) -> str:
    """A message behind its signature; 【】 are put around one that has no brackets, as carriers in China ask."""
    if not signature:
        return text
    return signature + text if signature[0] in "【[" else f"【{signature}】{text}"


def short_message(text: str, at_most_segments: int | None = None) -> ShortMessage:
    """Measures a text; `NoticeError` where it needs more segments than it may.

    A text of the GSM alphabet is 160 characters in one segment, or 153 in each of several; any other, such
    as one with a Chinese character, 70 or 67. No character is divided between two segments.

    >>> short_message("【花园物业】请缴费"), short_message("Please pay.").encoding
    (ShortMessage(text='【花园物业】请缴费', encoding='UCS-2', characters=9, segments=1), 'GSM-7')
    """
    sizes = _septets(text)
    encoding = "UCS-2" if sizes is None else "GSM-7"
    if sizes is None:
        sizes = [1 + (ord(each) > 0xFFFF) for each in text]
    alone, joined = LENGTHS[encoding]
    segments = 1 if sum(sizes) <= alone else _segments(sizes, joined)
    message = ShortMessage(text, encoding, sum(sizes), segments)
    if at_most_segments is not None and segments > at_most_segments:
        raise NoticeError([_too_long(message, at_most_segments)])
    return message


def _septets(text: str) -> list[int] | None:
    """How many septets each character takes; None where one is not in the alphabet."""
    try:
        return [len(_GSM.encode(each)[0]) for each in text]
    except UnicodeEncodeError:
        return None


def _segments(sizes: Iterable[int], room: int) -> int:
    count, used = 1, 0
    for size in sizes:
        if used + size > room:
            count, used = count + 1, 0
        used += size
    return count


def _too_long(message: ShortMessage, most: int) -> Problem:
    alone, joined = LENGTHS[message.encoding]
    room = alone if most == 1 else joined * most
    found = f"{message.characters} characters in {message.encoding}, {message.segments} segments"
    expected = f"at most {most} segment{'s' * (most != 1)}: {room} characters"
    hint = f"shorten the message by {message.characters - room} characters, or give a template of your own"
    return Problem("too_many_segments", given("sms"), found, expected, hint)
