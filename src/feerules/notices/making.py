"""How each notice comes about: what is given is read, put into words, and laid out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from feerules.bill import Bill
from feerules.book import Book
from feerules.checks.profiles import Law
from feerules.citations import titles
from feerules.clocks import day_of, read_moment
from feerules.decisions import Act
from feerules.errors import Problem
from feerules.ledger.position import Position
from feerules.notices.arrears_letters import Asked, Titles, demand_letter, open_charge, payment_letter
from feerules.notices.fee_notices import Billed, by_payer, fee_letter
from feerules.notices.letters import Letter
from feerules.notices.posting import AUDIENCES, POSTED, check_audience, law_for, threats_in
from feerules.notices.price_lists import price_letter
from feerules.notices.reminders import reminder_letter
from feerules.notices.results import Notice, NoticeError, given
from feerules.notices.senders import Recipient, Sender, read_recipient, read_sender
from feerules.notices.templates import POSTED_KEY, Source, Templates, read_templates
from feerules.notices.writing import written
from feerules.wording import Wording, translate

__all__ = ["Making", "day_from", "whom"]

Day = date | datetime | str
DEMAND_DAYS = 15


@dataclass(frozen=True)
class Making:
    """What notices of one run have in common: the sender, the language, the templates, the limits."""

    sender: Sender
    words: Wording
    templates: Templates
    audience: str
    at_most_segments: int | None
    book: Book | None = None

    @classmethod
    def of(
        cls, sender: Mapping[str, Any] | str, locale: str, templates: Source, audience: str,
        at_most_segments: int | None, book: Book | None = None,
    ) -> Making:  # fmt: skip
        words = translate(locale)
        if book is not None and not isinstance(book, Book):
            raise NoticeError([_not("book", book, "a Book, as feerules.load gives it")])
        return cls(
            read_sender(sender, words), words, read_templates(templates), audience, at_most_segments, book
        )

    @cached_property
    def law(self) -> Law:
        return law_for(self.book)

    @cached_property
    def titles(self) -> Titles:
        """What the fees of the book are called; of several versions, by the last."""
        schedules = () if self.book is None else self.book.schedules
        return {name: titles(fee.title, name) for each in schedules for name, fee in each.fees.items()}

    # What a unit owes

    def fee_notice(self, bill: Bill | Iterable[Bill], recipient: Any, on: Day | None) -> Notice:
        groups = by_payer(self._bills(bill), self.words)
        if len(groups) > 1:
            payers = ", ".join(dict.fromkeys(f"{lines[0].payer} of {lines[0].whose[0]}" for lines in groups))
            expected, hint = "the lines of one payer", "fee_notices(…) gives a notice for each"
            raise NoticeError([Problem("several_payers", given("bill"), payers[:200], expected, hint)])
        return self.of_lines(groups[0], recipient, on)

    def fee_notices(
        self, bills: Bill | Iterable[Bill], recipients: Mapping[str, Any], on: Day | None
    ) -> list[Notice]:
        every = by_payer(self._bills(bills), self.words)
        shared = Counter(lines[0].whose[0] for lines in every)
        return [
            self.of_lines(lines, whom(lines[0], recipients, alone=shared[lines[0].whose[0]] == 1), on)
            for lines in every
        ]

    def _bills(self, given_: Any) -> list[Bill]:
        every = [given_] if isinstance(given_, Bill) or not isinstance(given_, Iterable) else [*given_]
        wrong = [_not("bill", each, "a Bill, or several") for each in every if not isinstance(each, Bill)]
        if wrong:
            raise NoticeError(dict.fromkeys(wrong))
        return every

    def of_lines(self, lines: list[Billed], recipient: Any, on: Day | None) -> Notice:
        check_audience(self.audience, "what a unit owes", "price_table(…) shows the prices, without any unit")
        told = self._recipient(recipient)
        letter = fee_letter(lines, self.sender, told, self.words, day_from(on))
        first = lines[0]
        whom = first.account_id or first.payer_id or first.unit_id
        return self._written(letter, "fee_notice", self.audience, whom)

    # What is overdue

    def payment_notice(self, about: Any, recipient: Any, on: Day | None, pay_by: Day | None) -> Notice:
        position = about if isinstance(about, Position) else getattr(about, "position", None)
        if not isinstance(position, Position):
            hint = "ask feerules.position(account, book, as_of)"
            raise NoticeError([_not("position", about, "a position, or an answer that has one", hint)])
        if not position["overdue"]:
            expected, hint = "an account with overdue charges", "who owes nothing needs no notice"
            found = f"nothing overdue on {position.as_of}"
            raise NoticeError([Problem("nothing_overdue", given(position.account_id), found, expected, hint)])
        asked = asked_of_position(position, self.titles, self.words, day_from(pay_by))
        return self.of_arrears(asked, recipient, on)

    def of_arrears(self, asked: Asked, recipient: Any, on: Day | None) -> Notice:
        check_audience(self.audience, "what is overdue", "reminder(…) is for everybody, and names nobody")
        letter = payment_letter(asked, self.sender, self._recipient(recipient), self.words, day_from(on))
        return self._of(asked, letter, "payment_notice", self.audience)

    # What is demanded

    def demand(
        self, decision: Any, recipient: Any, on: Day | None, period: int | None, local_rule: str
    ) -> Notice:
        act = _act(decision)
        if period is not None and period < 1:
            raise NoticeError(
                [Problem("no_period", given("period"), f"{period} days", "a day or more to pay")]
            )
        asked = asked_of_act(act, self.titles, self.words)
        if period is not None or asked.pay_by is None:
            days = DEMAND_DAYS if period is None else period
            asked = replace(asked, pay_by=asked.as_of + timedelta(days=days))
        return self.of_action(asked, act.template, act.audience, recipient, on, local_rule)

    def action_notice(self, decision: Any, recipient: Any, on: Day | None, local_rule: str) -> Notice:
        act = _act(decision)
        asked = asked_of_act(act, self.titles, self.words)
        return self.of_action(asked, act.template, act.audience, recipient, on, local_rule)

    def of_action(
        self,
        asked: Asked,
        template: str,
        audience: str | None,
        recipient: Any,
        on: Day | None,
        local_rule: str,
    ) -> Notice:
        """What a step sends: a demand where it gives days to pay, else what is open; the neutral reminder where
        others read it."""
        seen_by = max((audience or "debtor", self.audience), key=_openness)
        told, day = self._recipient(recipient), day_from(on)
        if seen_by in POSTED:
            return self.reminder(day or asked.as_of, (), "", seen_by, template)
        if asked.pay_by is None:
            asked = replace(asked, all_overdue=False)
            letter = payment_letter(asked, self.sender, told, self.words, day)
            return self._of(asked, letter, "payment_notice", seen_by, template)
        if day is not None and day > asked.as_of:
            # The days to pay are those of the letter.
            asked = replace(asked, pay_by=asked.pay_by + (day - asked.as_of))
        letter = demand_letter(asked, self.sender, told, self.words, self.law, day, local_rule)
        return self._of(asked, letter, "demand", seen_by, template)

    def _of(self, asked: Asked, letter: Letter, kind: str, audience: str, key: str = "") -> Notice:
        whom, approval = asked.account_id or None, asked.needs_approval
        return self._written(letter, kind, audience, whom, key, approval, asked.announces)

    def _written(
        self, letter: Letter, kind: str, audience: str, whom: str | None = None, key: str = "",
        needs_approval: str | None = None, announces: Sequence[str] = (),
    ) -> Notice:  # fmt: skip
        """The letter laid out; what a template of the user says is looked at for what may not be announced."""
        notice = written(
            letter,
            kind,
            self.words,
            self.templates,
            key or kind,
            audience,
            whom,
            needs_approval,
            self.at_most_segments,
        )
        if not self.templates.texts or kind == "price_table":
            return notice
        said = notice.text if notice.sms is None else f"{notice.text}\n{notice.sms.text}"
        return replace(notice, warnings=(*notice.warnings, *threats_in(said, self.law, announces)))

    # What everybody reads

    def reminder(
        self, on: Day | None, units: Iterable[str], local_rule: str, audience: str = "public", key: str = ""
    ) -> Notice:
        letter = reminder_letter(
            self.sender,
            self.words,
            day_from(on),
            units if isinstance(units, str) else tuple(units),
            local_rule,
        )
        return self._written(letter, "reminder", audience, key=f"{key}.{POSTED_KEY}" if key else "")

    def price_table(self, on: Day, document_id: str | None, paper: str) -> Notice:
        day = day_from(on)
        assert day is not None
        assert self.book is not None
        letter = price_letter(self.book, self.sender, self.words, day, document_id, paper)
        return self._written(letter, "price_table", "public")

    def _recipient(self, recipient: Any) -> Recipient:
        return recipient if isinstance(recipient, Recipient) else read_recipient(recipient, self.words)


def _act(decision: Any) -> Act:
    if isinstance(decision, Act):
        return decision
    hint = "payment_notice(…) tells what is overdue without a step"
    raise NoticeError([_not("decision", decision, "an Act: that a step of the ladder is due", hint)])


def _not(what: str, found: object, expected: str, hint: str = "") -> Problem:
    """That something given is not of its kind."""
    return Problem("wrong_source", given(what), type(found).__name__, expected, hint)


def whom(line: Billed, recipients: Mapping[str, Any], *, alone: bool) -> Any:
    """Who a line is told to: by its payer, else by its account or unit.

    Where several pay for one account, that is the owner's: `alone` says that nobody else does.
    """
    ids = [line.payer_id]
    if alone or line.payer == "owner":
        ids += [line.account_id, line.unit_id]
    return next((recipients[each] for each in ids if each is not None and each in recipients), None)


def _openness(audience: str) -> int:
    if audience not in AUDIENCES:
        check_audience(audience, "", "")
    return AUDIENCES.index(audience)


def day_from(on: Day | None) -> date | None:
    return None if on is None else day_of(read_moment(on))


def asked_of_position(position: Position, named: Titles, words: Wording, pay_by: date | None) -> Asked:
    overdue = frozenset(position.overdue_charge_ids)
    return Asked(
        account_id=position.account_id or None,
        as_of=position.as_of,
        amount=position["overdue"],
        charges=[open_charge(each, named, words) for each in position.charges if each.charge_id in overdue],
        currency=position.currency,
        late_fee=position["late_fee_due"],
        credit=position["credit"],
        pay_by=pay_by,
        days_overdue=position["days_overdue"],
        oldest_due_on=position["oldest_due_on"],
        unpaid_periods=position["unpaid_periods"],
    )


def asked_of_act(act: Act, named: Titles, words: Wording) -> Asked:
    """What a decision asks for; `pay_by` where its step gives days to pay."""
    as_of, position = day_of(act.as_of), act.position
    named_ones = frozenset(act.charge_ids)
    return Asked(
        account_id=act.account_id or None,
        as_of=as_of,
        amount=act.amount,
        charges=[
            open_charge(each, named, words) for each in position.charges if each.charge_id in named_ones
        ],
        currency=position.currency,
        late_fee=act.message.get("late_fee_due", Decimal(0)),
        fee=act.fee,
        pay_by=act.message.get("pay_by"),
        days_overdue=position["days_overdue"],
        oldest_due_on=position["oldest_due_on"],
        step=words.title(act.title, act.step_id),
        announces=act.announces,
        source=act.source,
        needs_approval=act.needs_approval,
    )
