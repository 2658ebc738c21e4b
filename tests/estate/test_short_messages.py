"""How many segments a short message takes, by the alphabet that it needs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feerules import NoticeError
from feerules.notices.sms import short_message, signed


@pytest.mark.parametrize(
    ("text", "encoding", "characters", "segments"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("¥" * 160, "GSM-7", 160, 1),  # the sign of the yuan is in the alphabet
        ("€" * 80, "GSM-7", 160, 1),  # what is reached by the escape counts twice
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 10, "GSM-7", 164, 2),  # and is not divided between segments
        ("a" * 152 + "€" + "a" * 151, "GSM-7", 305, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
        ("费" * 70, "UCS-2", 70, 1),
        ("费" * 71, "UCS-2", 71, 2),
        ("费" * 134, "UCS-2", 134, 2),
        ("费" * 135, "UCS-2", 135, 3),
        ("a" * 70 + "。", "UCS-2", 71, 2),  # one such character makes all of them long
        ("𠮷" * 35, "UCS-2", 70, 1),  # beyond the first plane a character is two units
        ("𠮷" * 36, "UCS-2", 72, 2),
        ("费" * 66 + "𠮷" + "费" * 66, "UCS-2", 134, 3),  # and is not divided either
        ("it’s due", "UCS-2", 8, 1),  # a curly apostrophe is not in the alphabet
    ],
)
def test_a_message_is_measured(text: str, encoding: str, characters: int, segments: int) -> None:
    message = short_message(text)
    assert (message.encoding, message.characters, message.segments) == (encoding, characters, segments)


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        ("花园物业", "【花园物业】请缴费"),
        ("【花园物业】", "【花园物业】请缴费"),
        ("[Garden] ", "[Garden] 请缴费"),
        ("", "请缴费"),
    ],
)
def test_a_signature_stands_in_brackets_before_the_message(signature: str, said: str) -> None:
    assert signed("请缴费", signature) == said


def test_a_signature_counts() -> None:
    assert short_message("费" * 64).segments == 1
    assert short_message(signed("费" * 65, "花园物业")).segments == 2


def test_a_message_that_is_too_long_is_refused_with_what_to_cut() -> None:
    with pytest.raises(NoticeError) as refused:
        short_message("费" * 75, at_most_segments=1)
    assert str(refused.value) == (
        "1 problem with the notice\n"
        "sms: too_many_segments\n"
        "  found:    75 characters in UCS-2, 2 segments\n"
        "  expected: at most 1 segment: 70 characters\n"
        "  hint:     shorten the message by 5 characters, or give a template of your own"
    )


@given(st.text(alphabet="aé€[费𠮷 ", max_size=400))
def test_the_segments_hold_the_message_and_fewer_would_not(text: str) -> None:
    message = short_message(text)
    alone, joined = (160, 153) if message.encoding == "GSM-7" else (70, 67)
    assert message.characters <= (alone if message.segments == 1 else joined * message.segments)
    if message.segments > 1:
        assert message.characters > alone
        # A character of two that does not fit leaves one place empty.
        assert message.characters > (joined - 1) * (message.segments - 1)
