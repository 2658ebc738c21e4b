"""The reminder (缴费提醒) for a group or a board: to everybody, with nothing of anybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from feerules.errors import Problem
from feerules.notices.letters import Letter, ways_to_pay
from feerules.notices.results import NoticeError, given
from feerules.notices.senders import Sender
from feerules.wording import Wording

__all__ = ["reminder_letter"]


def reminder_letter(
    sender: Sender, words: Wording, on: date | None, units: Sequence[str] = (), local_rule: str = ""
) -> Letter:
    """The neutral text; `units` are named only where a local rule, which it cites, allows that."""
    if isinstance(units, str):
        units = [units]
    if units and not local_rule:
        found = f"{len(units)} units to be named"
        expected = "no unit by its number, but where a local rule allows it"
        hint = 'name that rule: local_rule="…"; without one, leave out units='
        raise NoticeError([Problem("not_for_posting", given("units"), found, expected, hint)])
    opening = [
        words.text("Owners who have not paid their property fees yet are asked to pay them soon."),
        words.text("Each owner can ask us for the amounts; we publish nothing of them here."),
        words.text("Those who have paid already, please disregard this reminder."),
    ]
    if units:
        opening.insert(1, words.text("Fees are open for these units: {units}.", units=words.listed(units)))
    return Letter(
        title=words.text("Reminder to pay property fees"),
        data={"units": list(units), "local_rule": local_rule},
        sender=sender,
        greeting=words.text("To all owners:"),
        opening=opening,
        payment=ways_to_pay(sender, words),
        payment_title=words.text("How to pay"),
        basis=[(words.text("Basis"), local_rule)] if units else [],
        day=on,
        sms=words.told(_sms(sender, words)),
    )


def _sms(sender: Sender, words: Wording) -> list[str]:
    said = [words.text("Owners who have not paid their property fees yet are asked to pay them soon.")]
    if sender.hotline:
        said.append(words.text("Tel. {hotline}", hotline=sender.hotline))
    return said
