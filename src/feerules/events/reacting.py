"""What is to be done because of what happened? The history of one account in, reactions out."""

from __future__ import annotations

from datetime import date, datetime

from feerules.assessing import currency_of, no_policy
from feerules.book import Book
from feerules.clocks import day_of, read_day, read_known, read_moment
from feerules.events.engines import EngineName, engine_named
from feerules.events.looking import reactions_of, versions_between
from feerules.events.reaction import Reaction
from feerules.events.reading import Given, checked_book, read_history
from feerules.periods import day_number, known_until

__all__ = ["react"]


def react(
    book: Book,
    events: Given,
    as_of: date | datetime | str,
    *,
    since: date | str | None = None,
    known_at: date | datetime | str | None = None,
    engine: EngineName | None = None,
) -> list[Reaction]:
    """Every reaction that the policy of an account has to what happened on it, by the evening of a day, in order.

    `events` is one account's history: an `Account` (or its mapping), or its entries, events, payments and charges as
    models or as mappings, in any order; a ledger that is twice there counts once. Entries that name no currency are in
    that of the others, or of the book's policies. A reaction is decided by the version
    of the policy that is in force on its day. With `since`, only reactions of that day and later are told; what
    happened before still counts. Of a moment its day counts; `known_at` leaves out what was recorded later.

    `engine`: "durable" (durable-rules, extra `events`) or "plain" (pure Python). Without a name, durable-rules is used
    where it is installed; both give the same answer in the same order.

    Raises `EntryErrors` for entries that cannot be read, are of two accounts or in two currencies, `UnitErrors` where no policy or more
    than one applies, `MissingExtra` or `UnusableEngine` where durable-rules is asked for and cannot be had.

    >>> import feerules
    >>> book = feerules.load_files({"tiny.yaml": '''
    ... kind: dunning-policy
    ... id: tiny
    ... effective: {from: 2026-01-01}
    ... reactions:
    ...   - {id: bounced, when: {event: payment_reversed}, then: reopen, to: clerk}
    ... '''})
    >>> paid = {"payment_id": "P-1", "amount": "250.60", "effective_on": "2026-11-02"}
    >>> bounced = {"payment_id": "P-2", "reverses_payment_id": "P-1", "effective_on": "2026-11-05"}
    >>> [(str(each.day), each.then, each.to) for each in react(book, [paid, bounced], "2026-11-30")]
    [('2026-11-05', ('reopen',), 'clerk')]
    """
    look = engine_named(engine)
    until = day_number(day_of(read_moment(as_of)))
    history = read_history(events, currency_of(checked_book(book)))
    first = min((row.day for row in history.rows), default=until)
    versions = versions_between(history.account, book, min(first, until), until)
    if not versions or versions[-1].until <= until:
        raise no_policy(history.account)
    found = reactions_of(
        history.rows, versions, history.account_id, until, look, known_until(read_known(known_at))
    )
    earliest = None if since is None else read_day(since, "since")
    told = (each.reaction for each in found)
    return [each for each in told if earliest is None or each.day >= earliest]
