"""The rules themselves: which documents, in which versions, from when, by which source; and a bill by them."""

from __future__ import annotations

from feerules.bill import Bill
from feerules.book import Book
from feerules.documents.policy import DunningPolicy
from feerules.documents.schedule import FeeSchedule
from feerules.pages.page import Figure, Prose, Section
from feerules.pages.reader import Reader
from feerules.pages.tables import Columns, listed

__all__ = ["bill_section", "book_section"]


def book_section(book: Book, reader: Reader, title: str) -> Section:
    """The documents of a book."""
    text = reader.words.text
    policies = [version.policy for each in book.policies for version in each]
    documents: list[FeeSchedule | DunningPolicy] = [*book.schedules, *policies]
    columns: Columns = (
        (text("Document"), "text"), (text("Title"), "text"), (text("Kind"), "text"), (text("Version"), "text"),
        (text("From"), "day"), (text("Through"), "day"), (text("Source"), "text"),
    )  # fmt: skip
    table = listed(text("Documents"), columns, [_document(each, reader) for each in documents])
    fees = {fee for schedule in book.schedules for fee in schedule.fees}
    figures = (
        Figure(text("Documents"), reader.number(len(documents))),
        Figure(text("Fees"), reader.number(len(fees))),
        Figure(text("Cases"), reader.number(sum(len(document.cases) for _, document in book.cases))),
    )
    return Section(title or text("Rules"), figures, (table,), ((text("Rules"), book.digest),))


def _document(each: FeeSchedule | DunningPolicy, reader: Reader) -> tuple[object, ...]:
    kind = (
        reader.words.text("Fee schedule")
        if isinstance(each, FeeSchedule)
        else reader.words.text("Dunning policy")
    )
    called = each.title.in_(reader.words.language) if each.title else ""
    said = each.source
    source = "" if said is None else " ".join(filter(None, (said.document, said.clause, said.address)))
    return each.id, called, kind, each.version_name, each.effective.from_, each.effective.through, source


def bill_section(bill: Bill, reader: Reader, title: str) -> Section:
    """One bill, with the sentence for each of its lines."""
    text = reader.words.text
    columns: Columns = (
        (text("Fee"), "text"), (text("From"), "day"), (text("Until"), "day"), (text("Due on"), "day"),
        (text("Quantity"), "number"), (text("Unit rate"), "number"), (text("Amount of money"), "money"), (text("Why"), "text"),
    )  # fmt: skip
    rows = [
        (reader.words.title(line.title, line.fee), line.period_start, line.period_end, line.due_on, line.quantity, line.rate, line.amount,
         line.explain(reader.words.language))
        for line in bill.lines
    ]  # fmt: skip
    currency = next((line.currency for line in bill.lines), "")
    figures = (Figure(text("Sum"), reader.money(bill.total, currency)),)
    own = text("Bill of {unit}, {period}", unit=bill.unit_id or "–", period=str(bill.period))
    blocks = (
        (listed(text("Bill lines"), columns, rows),)
        if rows
        else (Prose((bill.explain(reader.words.language),)),)
    )
    return Section(title or own, figures, blocks, ((text("Rules"), bill.digest),))
