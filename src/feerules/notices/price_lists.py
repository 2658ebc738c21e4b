"""The public price table (收费公示): every fee of a book on a day, with its unit, price, cycle and basis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from feerules.bill_line import cited
from feerules.book import Book
from feerules.citations import source_of, titles
from feerules.errors import Problem, did_you_mean
from feerules.notices.in_words import RuleWords
from feerules.notices.letters import Letter, Pair, Row, Table
from feerules.notices.prices import Price, Pricing
from feerules.notices.remarks import Remarks
from feerules.notices.results import NoticeError, given, one_of
from feerules.notices.senders import Sender
from feerules.periods import day_number
from feerules.plan.lines import Version
from feerules.wording import Wording, sentence

__all__ = ["price_letter"]

PAPERS = ("A4", "A3")
HEADS = (
    sentence("Item"), sentence("For"), sentence("Price"), sentence("Cycle"), sentence("Remarks"), sentence("Basis"),
)  # fmt: skip
# The columns that each price has for itself; the others are the same for all prices of a fee.
OWN = (1, 2)


@dataclass(frozen=True, slots=True)
class _Listed:
    """One price of one fee, with all that stands beside it."""

    document: str
    fee: str
    item: str
    price: Price
    cycle: str
    remarks: str
    basis: str

    def to_data(self) -> dict[str, Any]:
        price = self.price
        rate = None if price.rate is None else format(price.rate, "f")
        return {
            "document": self.document, "fee": self.fee, "item": self.item, "for": price.applies,
            "price": price.text, "rate": rate, "unit": price.unit, "note": price.note,
            "cycle": self.cycle, "remarks": self.remarks, "basis": self.basis,
        }  # fmt: skip


def price_letter(
    book: Book, sender: Sender, words: Wording, day: date, document_id: str | None, paper: str
) -> Letter:
    """The prices in force on a day; `document_id` for those of one schedule alone."""
    if paper not in PAPERS:
        raise NoticeError([one_of("unknown_paper", "paper", paper, PAPERS)])
    versions = _in_force(book, day, document_id)
    listed = [(version, _listed(version, words)) for version in versions]
    documents = [_document(version, words) for version in versions]
    return Letter(
        title=words.text("Price list of property services"),
        data={
            "documents": documents,
            "prices": [each.to_data() for _, prices in listed for each in prices],
            "as_of": day,
        },
        sender=sender,
        tables=[
            _table(prices, document if len(documents) > 1 else None, words)
            for (_, prices), document in zip(listed, documents, strict=True)
        ],
        facts=_facts(documents, sender, words),
        closing=[words.text("Nothing is charged beside the items and prices that are listed here.")]
        if document_id is None
        else [],
        day=day,
        sms="",
        landscape=True,
        paper=paper,
    )


def _in_force(book: Book, day: date, document_id: str | None) -> list[Version]:
    number = day_number(day)
    every = [version for each in book.versions for version in each]
    if document_id is not None:
        ids = dict.fromkeys(version.schedule.id for version in every)
        if document_id not in ids:
            hint = did_you_mean(document_id, ids)
            expected = f"one of {', '.join(ids)}" if ids else "a fee schedule; the book has none"
            raise NoticeError(
                [Problem("unknown_document", given("document_id"), f'"{document_id}"', expected, hint)]
            )
        every = [version for version in every if version.schedule.id == document_id]
    found = [version for version in every if version.first <= number < version.until]
    if not found:
        known = ", ".join(f"{each.schedule.id} from {each.schedule.effective.from_}" for each in every[:5])
        expected = (
            f"a day on which a schedule is in force: {known}" if known else "a book with a fee schedule"
        )
        raise NoticeError([Problem("no_prices", given("on"), f"no fee schedule in force on {day}", expected)])
    return found


def _listed(version: Version, words: Wording) -> list[_Listed]:
    schedule = version.schedule
    said = RuleWords(schedule, version.names, words)
    found = []
    for name in schedule.fees:
        fee = schedule.complete(name)
        pricing, told = Pricing(said, fee), Remarks(said, fee).sentences()
        remarks = words.told(told) if told else ""
        basis = cited(source_of(fee.source), words)
        found += [
            _Listed(schedule.id, name, said.fee(name), price, said.cycle(fee.every), remarks, basis)
            for price in pricing.prices()
        ]
    return found


def _document(version: Version, words: Wording) -> dict[str, Any]:
    schedule = version.schedule
    effective, publication = schedule.effective, schedule.publication
    return {
        "document": schedule.id,
        "title": words.title(titles(schedule.title, schedule.id)),
        "version": schedule.version_name,
        "from": effective.from_,
        "through": effective.through,
        "basis": cited(source_of(schedule.source), words),
        "approved_by": (publication and publication.approved_by) or "",
        "announced": publication and publication.announced,
    }


def _facts(documents: Sequence[Mapping[str, Any]], sender: Sender, words: Wording) -> list[Pair]:
    """What a price list must say above its prices: the document, its basis and its days, and where to complain."""
    told: list[Pair] = []
    if len(documents) == 1:
        told = [(words.text("Fee schedule"), documents[0]["title"]), *_about(documents[0], words)]
    told.append((words.text("Charged by"), sender.name))
    if sender.hotline:
        told.append((words.text("Telephone"), sender.hotline))
    if sender.complaints:
        told.append((words.text("Complaints about prices"), sender.complaints))
    return told


def _about(document: Mapping[str, Any], words: Wording) -> list[Pair]:
    """From when a schedule holds, on which basis, who approved it, and when it was made known."""
    announced = document["announced"]
    told = {
        sentence("In force"): _days(document, words),
        sentence("Basis"): document["basis"],
        sentence("Approved by"): document["approved_by"],
        sentence("Announced on"): words.day(announced) if announced else "",
    }
    return [(words.text(label), said) for label, said in told.items() if said]


def _days(document: Mapping[str, Any], words: Wording) -> str:
    if document["through"] is None:
        return words.text("from {day}", day=words.day(document["from"]))
    return words.days(document["from"], document["through"])


def _table(prices: Sequence[_Listed], document: Mapping[str, Any] | None, words: Wording) -> Table:
    """The columns that say something; what is the same as in the row above is not repeated.

    Among several schedules, a table says of which it is.
    """
    rows = [
        (each.item, each.price.applies, _noted(each.price, words), each.cycle, each.remarks, each.basis)
        for each in prices
    ]
    shown = [at for at in range(len(HEADS)) if any(row[at] for row in rows)]
    of_each = Counter(each.fee for each in prices)
    made, above = [], ""
    for each, row in zip(prices, rows, strict=True):
        first, over = each.fee != above, of_each[each.fee]
        spans = tuple(1 if at in OWN else over if first else 0 for at in shown)
        made.append(Row(tuple(row[at] for at in shown), _text(each, first, words), spans))
        above = each.fee
    heads = tuple(words.text(HEADS[at]) for at in shown)
    if document is None:
        return Table(heads, tuple(made))
    return Table(heads, tuple(made), title=document["title"], facts=tuple(_about(document, words)))


def _noted(price: Price, words: Wording) -> str:
    return words.text("{name} ({change})", name=price.text, change=price.note) if price.note else price.text


def _text(listed: _Listed, first: bool, words: Wording) -> str:
    price, item = listed.price, listed.item
    if price.applies:
        item = words.text("{fee} ({period})", fee=item, period=price.applies)
    told = [
        words.text("{item}: {price}, {cycle}.", item=item, price=_noted(price, words), cycle=listed.cycle)
    ]
    if first and listed.remarks:
        told.append(listed.remarks)
    if first and listed.basis:
        told.append(words.text("Basis: {basis}.", basis=listed.basis))
    return words.told(told)
