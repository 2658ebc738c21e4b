"""What is given as the history of an account: an account, or the entries themselves, as models or as mappings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import ValidationError

from feerules.assessing import read_account
from feerules.book import Book
from feerules.ledger.accounts import Account
from feerules.ledger.entries import Allocation, Charge, Event, Payment
from feerules.ledger.happenings import Row, once, row_of
from feerules.reports.results import EntryErrors, EntryProblem

__all__ = [
    "Entry",
    "Given",
    "History",
    "account_of",
    "as_id",
    "checked_book",
    "given_account",
    "own_entries",
    "problem_with_entry",
    "read_entries",
    "read_entry",
    "read_history",
]

Entry: TypeAlias = Event | Payment | Charge
Given: TypeAlias = Account | Entry | Mapping[str, Any] | Iterable[Entry | Mapping[str, Any]]

# By the id that an entry has; an allocation has two, and is nothing that happens.
_MODELS: Mapping[str, type[Entry]] = {"event_id": Event, "payment_id": Payment, "charge_id": Charge}
_FRAMES: Mapping[type[Entry], str] = {Event: "events", Payment: "payments", Charge: "charges"}
_HALF = "found half of a surrogate pair, expected text in Unicode"
NOBODY = "?"  # the account of entries that name none


@dataclass(frozen=True, slots=True)
class History:
    """Who it is (its facts and policy, no entries), under which id, and the rows of its entries."""

    account: Account
    account_id: str | None
    rows: tuple[Row, ...]


def checked_book(given: object) -> Book:
    if not isinstance(given, Book):
        raise TypeError(f"found {_shown(given)}, expected a Book: feerules.load gives one")
    return given


def given_account(given: object) -> Account:
    """An account or its mapping."""
    if not isinstance(given, Account | Mapping):
        raise TypeError(f"found {_shown(given)}, expected an Account or a mapping")
    account = read_account(given)
    wrong = _halves(vars(account))
    if wrong:
        raise EntryErrors(
            EntryProblem(
                "accounts", _as_written(account.account_id), None, None, name, value, "wrong_type", _HALF
            )
            for name, value in wrong
        )
    return account


def _is_list(given: object) -> bool:
    return isinstance(given, Iterable) and not isinstance(given, str | bytes)


def _shown(given: object) -> str:
    return f"{given!a:.60} ({type(given).__name__})"


def read_history(given: Given, currency: str = "CNY") -> History:
    """The history of one account; `EntryErrors` with every entry that cannot be read, or is of another account or
    currency. `currency` is that of entries that name none."""
    if isinstance(given, Event | Payment | Charge) or (
        isinstance(given, Mapping) and _MODELS.keys() & given.keys()
    ):
        given = [given]
    if isinstance(given, Account | Mapping):
        account = given_account(given)
        empty = account.model_copy(update={"events": (), "payments": (), "charges": (), "allocations": ()})
        return History(empty, account.account_id, tuple(_rows(own_entries(account))))
    if not _is_list(given):
        raise TypeError(f"found {_shown(given)}, expected an account, an entry or a list of entries")
    entries = read_entries(given)
    name = _one_account(entries)
    account = Account(account_id=name or NOBODY, currency=_one_currency(entries) or currency)
    return History(account, name, tuple(_rows(entries)))


def own_entries(account: Account) -> Iterator[Entry]:
    """What happened on an account, of all that it was given with, less what is of another account, or in another
    currency: positions call that contradictory."""
    entries: tuple[Entry, ...] = (*account.events, *account.payments, *account.charges)
    for each in entries:
        if each.account_id in (None, account.account_id) and _currency(each) in (None, account.currency):
            _refuse_halves(each)
            yield each


def _currency(entry: Entry) -> str | None:
    return None if isinstance(entry, Event) else entry.currency


def _rows(entries: Iterable[Entry]) -> list[Row]:
    return once(row for row in map(row_of, entries) if row is not None)


def _one_account(entries: Iterable[Entry]) -> str | None:
    """The account of all that name one."""
    return _one_of("account_id", "other_account", ((each.account_id, each) for each in entries))


def _one_currency(entries: Iterable[Entry]) -> str | None:
    """The currency of all that name one."""
    return _one_of("currency", "other_currency", ((_currency(each), each) for each in entries))


def _one_of(fact: str, code: str, named: Iterable[tuple[str | None, Entry]]) -> str | None:
    """What entries name, where it is the same; `EntryErrors` with the first entry that names another, for each."""
    firsts: dict[str, Entry] = {}
    for name, each in named:
        if name is not None:
            firsts.setdefault(name, each)
    expected = next(iter(firsts), None)
    others = [(name, each) for name, each in firsts.items() if name != expected]
    if others:
        asked = f"one of {expected}: react is asked about one account, in one currency"
        raise EntryErrors(
            problem_with_entry(each, fact, name, code, f"found an entry of {name}, expected {asked}")
            for name, each in others
        )
    return expected


def read_entries(given: Iterable[Entry | Mapping[str, Any]]) -> list[Entry]:
    """Entries from models or mappings; allocations are left aside. `EntryErrors` with all that cannot be read."""
    entries: list[Entry] = []
    problems: list[EntryProblem] = []
    for number, each in enumerate(given):
        try:
            found = _read(each, number)
        except EntryErrors as errors:
            problems += errors.problems
            continue
        if found is not None:
            entries.append(found)
    if problems:
        raise EntryErrors(problems)
    return entries


def as_id(given: object) -> object:
    """A whole number as the text that it is as an id, as in models; all else as it is."""
    return str(given) if type(given) is int else given


def account_of(entry: Entry, account_id: object) -> str:
    """Whose an entry is: of the account that it is given for, or of the one that it names."""
    name = as_id(entry.account_id if account_id is None else account_id)
    if name is None:
        raise _not_of(entry, None, "no_account", "nothing tells whose it is")
    if not (isinstance(name, str) and name and is_writable(name)):
        raise _not_of(
            entry, ascii(name), "wrong_type", f"found {name!a} ({type(name).__name__}), expected {_ID}"
        )
    if entry.account_id not in (None, name):
        told = f"found an entry of {entry.account_id}, expected one of {name}, the account it was given for"
        raise _not_of(entry, entry.account_id, "other_account", told)
    return name


_ID = "an id: text in Unicode, or a whole number"


def _not_of(entry: Entry, value: str | None, code: str, reason: str) -> EntryErrors:
    return EntryErrors([problem_with_entry(entry, "account_id", value, code, reason)])


def read_entry(given: Entry | Mapping[str, Any]) -> Entry:
    """One entry; `EntryErrors` with all that is wrong with it."""
    found = _read(given, 0)
    if found is None:
        raise EntryErrors([EntryProblem("events", None, None, None, "event_id", None, "null_key", _NO_ID)])
    return found


_NO_ID = "found an entry that is none of event, payment or charge, expected event_id, payment_id or charge_id"


def _read(given: Any, number: int) -> Entry | None:
    found = _read_model(given, number)
    if found is given:
        _refuse_halves(found)
    return found


def is_writable(text: str) -> bool:
    """Whether a text can be written as UTF-8: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_written(text: str) -> str:
    """A text for a message."""
    return text if is_writable(text) else ascii(text)


def _refuse_halves(entry: Entry) -> None:
    """Refuses text that could be kept and never be written."""
    wrong = _halves(vars(entry))
    if wrong:
        raise EntryErrors(
            problem_with_entry(entry, name, value, "wrong_type", _HALF) for name, value in wrong
        )


def _halves(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What has half of a surrogate pair in it: the name, and the value for a message."""
    return [
        (_as_written(str(name)), ascii(value))
        for name, value in values.items()
        if not all(is_writable(each) for each in (name, value) if isinstance(each, str))
    ]


def _read_model(given: Any, number: int) -> Entry | None:
    if isinstance(given, Event | Payment | Charge):
        return given
    if isinstance(given, Allocation):
        return None
    if not isinstance(given, Mapping):
        told = f"found {given!r:.60} ({type(given).__name__}), expected an Event, a Payment, a Charge or a mapping"
        raise EntryErrors(
            [EntryProblem("events", f"#{number + 1}", None, None, "entry", None, "wrong_type", told)]
        )
    ids = [name for name in _MODELS if given.get(name) is not None]
    if ids == ["payment_id", "charge_id"]:
        return None  # an allocation
    if not ids:
        raise EntryErrors(
            [EntryProblem("events", f"#{number + 1}", None, None, "entry", None, "null_key", _NO_ID)]
        )
    model = _MODELS[ids[0]]
    row_id, account_id = _maybe(given[ids[0]]), _maybe(given.get("account_id"))
    # Before it is read: pydantic cannot tell what is wrong with such text.
    wrong = _halves(given)
    if wrong:
        raise EntryErrors(
            EntryProblem(_FRAMES[model], row_id, account_id, None, name, value, "wrong_type", _HALF)
            for name, value in wrong
        )
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise EntryErrors(
            EntryProblem(
                _FRAMES[model], row_id, account_id, None,
                ".".join(map(str, each["loc"])) or ids[0], None if each["type"] == "missing" else _maybe(each["input"]),
                "missing" if each["type"] == "missing" else "wrong_type", each["msg"],
            )
            for each in error.errors(include_url=False)
        ) from None  # fmt: skip


def _maybe(value: Any) -> str | None:
    return None if value is None else _as_written(str(value)[:60])


def problem_with_entry(entry: Entry, fact: str, value: str | None, code: str, reason: str) -> EntryProblem:
    """What is wrong with an entry that can be read."""
    name = {Event: "event_id", Payment: "payment_id", Charge: "charge_id"}[type(entry)]
    row_id = _as_written(getattr(entry, name))
    account_id = None if entry.account_id is None else _as_written(entry.account_id)
    return EntryProblem(_FRAMES[type(entry)], row_id, account_id, None, fact, value, code, reason)
