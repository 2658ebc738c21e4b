"""Who writes a notice and how they are paid, and to whom it goes: what a caller tells of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from feerules.errors import Problem
from feerules.notices.results import NoticeError, given, one_of
from feerules.wording import Wording

__all__ = ["RECIPIENT", "SENDER", "Recipient", "Sender", "read_recipient", "read_sender"]

SENDER: Final = (
    "name",  # the property company, 物业服务企业
    "payee", "bank", "account",  # 户名, 开户行, 账号
    "hotline", "address", "hours",  # 联系电话, 缴费地点, 办理时间
    "ways",  # other ways to pay: one text, or a list
    "complaints",  # where to complain of prices: 12315, 12345
    "signature",  # of short messages
)  # fmt: skip
RECIPIENT: Final = ("name", "unit", "address")
_SAID: Final = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Sender:
    """Every key of `SENDER` in the words of one language, "" where it was not told."""

    name: str
    payee: str = ""
    bank: str = ""
    account: str = ""
    hotline: str = ""
    address: str = ""
    hours: str = ""
    ways: str = ""
    complaints: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    name: str = ""
    unit: str = ""
    address: str = ""


def read_sender(sender: Mapping[str, Any] | str, words: Wording) -> Sender:
    """The sender in one language; a text alone is the name. `NoticeError` with every key that is wrong."""
    told = {"name": sender} if isinstance(sender, str) else sender
    problems = _unknown(told, "sender", SENDER)
    if not problems and not told.get("name"):
        expected, hint = "the name of the property company", 'write sender={"name": "…", "hotline": "…"}'
        problems = [Problem("missing_name", given("sender"), "no name", expected, hint)]
    if problems:
        raise NoticeError(problems)
    return Sender(**{key: _text(value, words) for key, value in told.items()})


def read_recipient(recipient: Mapping[str, Any] | str | None, words: Wording) -> Recipient:
    """The same of who it goes to; what is not told is left out of the notice."""
    told = {"name": recipient} if isinstance(recipient, str) else recipient or {}
    problems = _unknown(told, "recipient", RECIPIENT)
    if problems:
        raise NoticeError(problems)
    return Recipient(**{key: _text(value, words) for key, value in told.items()})


def _unknown(told: Any, what: str, known: Sequence[str]) -> list[Problem]:
    if not isinstance(told, Mapping):
        expected = f"a mapping with {', '.join(known)}"
        return [Problem("wrong_sender", given(what), f"{told!r:.60}", expected)]
    unknown = [one_of("unknown_key", what, str(key), known) for key in told if key not in known]
    return unknown + [_not_text(what, key, value) for key, value in told.items() if not _is_said(value)]


def _is_said(value: Any) -> bool:
    if isinstance(value, Mapping):
        return bool(value) and all(key in _SAID and _is_said(each) for key, each in value.items())
    if isinstance(value, list | tuple):
        return all(isinstance(each, str | Mapping) and _is_said(each) for each in value)
    return value is None or isinstance(value, str)


def _not_text(what: str, key: str, value: Any) -> Problem:
    hint = "put numbers in quotes: zeros at the start would be lost" if isinstance(value, int) else ""
    expected = "a text, {zh: …, en: …}, or a list of such"
    return Problem("not_a_text", given(f"{what}.{key}"), f"{value!r:.60}", expected, hint)


def _text(value: Any, words: Wording) -> str:
    if isinstance(value, Mapping):
        return _text(value.get(words.language) or next(iter(value.values())), words)
    if isinstance(value, list | tuple):
        return words.listed(_text(each, words) for each in value) if value else ""
    return value or ""
