"""A desk for a service that listens: many accounts, one entry at a time, every reaction once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from heapq import heapify, heappop, heappush
from threading import Lock
from typing import Any, Self

from feerules.assessing import currency_of, no_policy
from feerules.book import Book
from feerules.clocks import day_of, read_moment
from feerules.errors import UnitErrors
from feerules.events.engines import EngineName, engine_named
from feerules.events.kept import Kept, remembered
from feerules.events.looking import Version, reactions_of, versions_between
from feerules.events.reaction import Reaction
from feerules.events.reading import (
    Entry,
    account_of,
    as_id,
    checked_book,
    given_account,
    own_entries,
    problem_with_entry,
    read_entry,
)
from feerules.events.snapshots import Head, SnapshotError, read_snapshot, written_snapshot
from feerules.ledger.accounts import Account
from feerules.ledger.entries import Event
from feerules.ledger.happenings import REVERSAL, Row, is_news, put, row_of
from feerules.periods import day_number, from_day_number
from feerules.reports.results import EntryErrors

__all__ = ["Desk"]

SHARDS = 64

Day = date | datetime | str


class _Shard:
    """Some of the accounts, with a lock of their own; `ends` are days on which one may fire, some of them outdated."""

    __slots__ = ("accounts", "due", "ends", "ignored", "lock", "problems")

    def __init__(self) -> None:
        self.lock = Lock()
        self.accounts: dict[str, bytes] = {}
        self.due: dict[str, int] = {}
        self.ends: list[tuple[int, str]] = []
        self.ignored: Counter[str] = Counter()
        self.problems: dict[str, Exception] = {}


class Desk:
    """The reactions of a book to what happens on many accounts, as it comes in.

    `receive` takes one entry and gives what it fires; `tick` lets time pass and gives what was awaited and did not come.
    Each reaction is given once: for entries out of order, twice, late, from the future; across threads and, by
    `snapshot` and `restore`, across restarts. Of each account it keeps its entries as far back as the longest wait of
    the book's reactions, and `late` days more: an entry that is effective earlier than that comes too late, and is left
    aside. `most` is how many entries it keeps of one account at most. `engine` as in `react`.

    >>> import feerules
    >>> book = feerules.load_files({"tiny.yaml": '''
    ... kind: dunning-policy
    ... id: tiny
    ... effective: {from: 2026-01-01}
    ... reactions:
    ...   - {id: silence, when: {after: demand, without: payment, within: 15 days}, then: notify, to: manager}
    ... '''})
    >>> desk = Desk(book)
    >>> desk.receive({"event_id": "D-1", "account_id": "A-1", "type": "demand", "effective_on": "2026-11-02"}, "2026-11-02")
    []
    >>> desk.due
    datetime.date(2026, 11, 18)
    >>> [(each.account_id, each.reaction, each.to) for each in desk.tick("2026-11-18")]
    [('A-1', 'silence', 'manager')]
    """

    def __init__(
        self, book: Book, *, engine: EngineName | None = None, late: int = 30, most: int = 1_000
    ) -> None:
        if not type(late) is type(most) is int:
            raise TypeError(
                f"found late={late!r} and most={most!r}, expected whole numbers of days and entries"
            )
        if late < 0 or most < 1:
            raise ValueError(f"found late={late} and most={most}, expected days from 0 and entries from 1")
        self.book, self.late, self.most = checked_book(book), late, most
        self._look = engine_named(engine)
        self._asked = remembered(book)
        self._currency = currency_of(book)
        self._policies = sorted({version.policy.id for each in book.policies for version in each})
        self._alike: dict[str, Account] = {}
        self._shards = tuple(_Shard() for _ in range(SHARDS))

    # What comes in

    def receive(
        self, entry: Entry | Mapping[str, Any], as_of: Day, *, account_id: str | int | None = None
    ) -> list[Reaction]:
        """What an entry fires, now that it is known on a day: an event, a payment or a charge, of `account_id` or of
        the account that it names; an account that was never heard of begins with it.

        Raises `EntryErrors` for an entry that cannot be read, is nobody's, is in another currency than its account, or is
        one too many; `UnitErrors` where no policy, or more than one, applies. The desk is then as it was.
        """
        today, read = day_number(day_of(read_moment(as_of))), read_entry(entry)
        name = account_of(read, account_id)
        shard = self._shard(name)
        with shard.lock:
            kept = self._kept(shard, name, today, read)
            if self._is_taken(shard, kept, read, today) or shard.due.get(name, today + 1) <= today:
                return self._passed(shard, name, kept, today)
            return []

    def register(self, account: Account | Mapping[str, Any], as_of: Day) -> list[Reaction]:
        """Tells who an account is, its currency, its policy and the facts by which policies apply; its entries, if it
        has any, come in together, and what they fire is given; those of another account or currency are left aside.

        Raises what `receive` raises, and `TypeError` for facts that JSON has not; the account is then as it was.
        """
        given, today = given_account(account), day_number(day_of(read_moment(as_of)))
        name, shard = given.account_id, self._shard(given.account_id)
        with shard.lock:
            kept = self._kept(shard, name, today, None)
            kept.is_of(given)
            for each in own_entries(given):
                self._is_taken(shard, kept, each, today)
            return self._passed(shard, name, kept, today)

    def tick(self, as_of: Day) -> list[Reaction]:
        """What fires by a day though nothing came in: what was awaited and did not come, promises that were broken,
        entries that were told ahead. By day, and by account.

        An account that cannot be asked stands in `problems`; it is asked again the next time, and is due on the next day.
        """
        today = day_number(day_of(read_moment(as_of)))
        fired: list[Reaction] = []
        for shard in self._shards:
            with shard.lock:
                for name in self._due_by(shard, today):
                    try:
                        kept = Kept.of_bytes(name, shard.accounts[name])
                        fired += self._passed(shard, name, kept, today)
                    except Exception as error:  # noqa: BLE001  (what others have fired is not lost, whatever it is)
                        shard.problems[name] = error
                        _is_due(shard, name, max(today + 1, shard.due.get(name, 0)))
        return sorted(fired, key=lambda each: (each.day, each.account_id or ""))

    # What there is

    @property
    def due(self) -> date | None:
        """The next day on which `tick` may fire something; None where nothing waits."""
        days: list[int] = []
        for shard in self._shards:
            with shard.lock:
                days += shard.due.values()
        return from_day_number(min(days)) if days else None

    @property
    def problems(self) -> dict[str, Exception]:
        """Accounts that could not be asked when time passed, with the reason; until they can be."""
        return {name: error for shard in self._shards for name, error in [*shard.problems.items()]}

    @property
    def ignored(self) -> dict[str, int]:
        """How many entries were left aside, by reason: `duplicate`, `too_late`, `unasked` (no reaction asks for it)."""
        total: Counter[str] = Counter()
        for shard in self._shards:
            total += shard.ignored
        return dict(total)

    def __len__(self) -> int:
        return sum(len(shard.accounts) for shard in self._shards)

    def __contains__(self, account_id: object) -> bool:
        name = as_id(account_id)
        return isinstance(name, str) and name in self._shard(name).accounts

    def forget(self, account_id: str | int) -> None:
        """Lets go of all that is kept of an account, such as one that was closed."""
        name = str(as_id(account_id))
        shard = self._shard(name)
        with shard.lock:
            for part in (shard.accounts, shard.due, shard.problems):
                part.pop(name, None)

    # Restarts

    def snapshot(self) -> bytes:
        """All that the desk knows at one moment, as lines of JSON; nothing comes in meanwhile."""
        with ExitStack() as stack:
            for shard in self._shards:
                stack.enter_context(shard.lock)
            head = Head(len(self), self.book.digest, self.late, self.most, self._policies)
            return written_snapshot(self._accounts(), head)

    def _accounts(self) -> Iterator[tuple[str, bytes]]:
        for shard in self._shards:
            yield from shard.accounts.items()

    @classmethod
    def restore(
        cls,
        book: Book,
        snapshot: bytes,
        *,
        engine: EngineName | None = None,
        late: int | None = None,
        most: int | None = None,
    ) -> Self:
        """The desk of a snapshot, under the same book or a newer one; `SnapshotError` for what is none, is not whole or
        was spoilt, and for that of a book with other policies.

        What has fired stays so, as long as its rule keeps its id; under a newer book the next `tick` asks every account
        again. `late` and `most` are those of the snapshot, unless they are given.
        """
        head, accounts = read_snapshot(snapshot)
        desk = cls(
            book,
            engine=engine,
            late=head.late if late is None else late,
            most=head.most if most is None else most,
        )
        desk._refuse_others(head)
        for number, kept in enumerate(accounts, 2):
            if kept.policy is not None and kept.policy not in desk._policies:
                found = f"the account {kept.account_id!r} in line {number}, of the policy {kept.policy}"
                raise SnapshotError(found, f"one of the policies of the book: {', '.join(desk._policies)}")
            # By the rules of a newer book something may be due on a day that was asked about under the older.
            kept.outdated = kept.outdated or head.digest != book.digest
            desk._keep(desk._shard(kept.account_id), kept.account_id, kept)
        return desk

    def _refuse_others(self, head: Head) -> None:
        """Refuses the snapshot of a book that has no policy in common with this one."""
        if head.policies and not set(head.policies) & set(self._policies):
            found = f"a snapshot under the policies {', '.join(head.policies)}"
            raise SnapshotError(found, f"one under those of the book: {', '.join(self._policies)}")

    # One account

    def _shard(self, account_id: str) -> _Shard:
        return self._shards[hash(account_id) % SHARDS]

    def _kept(self, shard: _Shard, name: str, today: int, entry: Entry | None) -> Kept:
        data = shard.accounts.get(name)
        currency = None if entry is None or isinstance(entry, Event) else entry.currency
        if data is None:
            return Kept(name, today, currency or self._currency)
        kept = Kept.of_bytes(name, data)
        if entry is not None and currency not in (None, kept.currency):
            told = f"found {currency}, expected {kept.currency}, the currency of its account"
            raise EntryErrors([problem_with_entry(entry, "currency", currency, "other_currency", told)])
        return kept

    def _reason_to_ignore(self, kept: Kept, row: Row | None, today: int) -> str:
        if row is None:
            return "unasked"
        if row.kind not in self._asked.kinds and (row.sort, row.id) not in kept.rows:
            return "unasked"
        if not is_news(kept.rows, row):
            return "duplicate"
        return "too_late" if row.day < max(kept.day, today) - self._asked.days - self.late else ""

    def _is_taken(self, shard: _Shard, kept: Kept, entry: Entry, today: int) -> bool:
        """Takes an entry in; whether it was, and not left aside."""
        row = _known_on(row_of(entry), kept, today)
        reason = self._reason_to_ignore(kept, row, today)
        if reason or row is None:
            shard.ignored[reason] += 1
            return False
        self._make_room(kept, entry, row, today)
        put(kept.rows, row)
        return True

    def _make_room(self, kept: Kept, entry: Entry, row: Row, today: int) -> None:
        """Refuses one entry too many; what will be let go of takes no room."""
        if len(kept.rows) < self.most or (row.sort, row.id) in kept.rows:
            return
        count = len(kept.mattering(self._asked, self.late, max(kept.day, today)))
        if count >= self.most:
            days = self._asked.days + self.late
            told = f"the account has {count} entries of the last {days} days, and that is the most"
            raise EntryErrors(
                [problem_with_entry(entry, "account_id", kept.account_id, "too_many_entries", told)]
            )

    def _passed(self, shard: _Shard, name: str, kept: Kept, today: int) -> list[Reaction]:
        """What has fired by a day, or by the last that the account was asked about; kept then as it is now."""
        kept.day = max(kept.day, today)
        first = min((row.day for row in kept.rows.values()), default=kept.day)
        versions = self._versions(kept, min(first, kept.day))
        found = [*reactions_of([*kept.rows.values()], versions, name, kept.day, self._look, spent=kept.spent)]
        for each in found:
            kept.has_spent(each.rule, each.spent)
        kept.outdated = False
        kept.prune(self._asked, self.late)
        self._keep(shard, name, kept)
        return [each.reaction for each in found]

    def _versions(self, kept: Kept, first: int) -> list[Version]:
        """The policies of its days; accounts of which nothing is told but their entries are alike."""
        alike = kept.currency if kept.policy is None and not kept.facts else ""
        account = self._alike.get(alike) or kept.account()
        if alike:
            self._alike[alike] = account
        try:
            versions = versions_between(account, self.book, first, kept.day)
            if not versions or versions[-1].until <= kept.day:
                raise no_policy(account)
        except UnitErrors as error:
            raise UnitErrors(replace(each, account_id=kept.account_id) for each in error.problems) from None
        return versions

    def _keep(self, shard: _Shard, name: str, kept: Kept) -> None:
        shard.accounts[name] = kept.to_bytes()
        shard.problems.pop(name, None)
        self._wait(shard, name, kept)

    def _wait(self, shard: _Shard, name: str, kept: Kept) -> None:
        """Notes the next day on which the account may fire."""
        day = kept.due(self._asked)
        if day == shard.due.get(name):
            return
        if day is None:
            shard.due.pop(name, None)
            return
        _is_due(shard, name, day)

    def _due_by(self, shard: _Shard, today: int) -> Iterable[str]:
        """Takes off the accounts that are due, each once; and those that could not be asked the last time."""
        found = [*shard.problems]
        while shard.ends and shard.ends[0][0] <= today:
            day, name = heappop(shard.ends)
            if shard.due.get(name) == day:
                found.append(name)
        return dict.fromkeys(found)


def _known_on(row: Row | None, kept: Kept, today: int) -> Row | None:
    """A payment that turns out never to have been was one until now, unless `recorded_at` tells."""
    if row is None or row.sort != REVERSAL or row.stamp is not None:
        return row
    before = kept.rows.get((REVERSAL, row.id))
    if before is not None:
        return row._replace(day=before.day)
    was_known = ("payment", row.id) in kept.rows
    return row._replace(day=max(row.day, today)) if was_known else row


def _is_due(shard: _Shard, name: str, day: int) -> None:
    """Notes the day; days that were noted before are left behind, until they are too many."""
    shard.due[name] = day
    heappush(shard.ends, (day, name))
    if len(shard.ends) > 4 * len(shard.due) + 100:
        shard.ends = [(day, name) for name, day in shard.due.items()]
        heapify(shard.ends)
