"""What a change asks of a unit or an account, fact by fact: as a cell, and as people say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any

from feerules.documents.literals import write
from feerules.documents.ranges import Range, write_test
from feerules.documents.unary import is_plain_word
from feerules.periods import from_day_number
from feerules.whatif.changes.regions import Bands, without
from feerules.whatif.changes.sides import Common, Pair
from feerules.wording import Wording, sentence

__all__ = ["Asked", "Together", "asked", "narrowed"]

Titles = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition on one fact: the cell that says it, and what it takes to say it in words."""

    fact: str
    cell: str
    title: Titles
    kind: str = "decimal"
    unit: str = ""
    ranges: tuple[Range, ...] = ()
    words: tuple[Titles, ...] = ()
    but: bool = False  # the words are those that it is not
    null: bool = False  # a fact without a value matches too

    def in_words(self, words: Wording) -> str:
        """The condition as people say it: floors 4 and up, 4层及以上."""
        said = [text for each in self._said(words) if (text := each)]
        if self.null:
            said.append(words.text("{title} without a value", title=words.title(self.title)))
        return _either(words, said)

    def _said(self, words: Wording) -> Iterable[str]:
        title = words.title(self.title)
        if self.cell == "-":
            return [words.text("any {title}", title=title)]
        if self.kind == "boolean":
            return [self._truth(words, title)]
        if self.words:
            return [self._worded(words, title)]
        if self.ranges == (Range(),):
            return [words.text("{title} with a value", title=title)]
        return [self._within(words, title, each) for each in self.ranges]

    def _truth(self, words: Wording, title: str) -> str:
        said = [value for value in self.cell.split(", ") if value != "null"]
        if len(said) == 1 and self.words:
            return words.title(self.words[0])
        if said == ["false"]:
            return words.text("{title}: no", title=title)
        if said == ["true"]:
            return title
        return words.text("{title} with a value", title=title) if said else ""

    def _worded(self, words: Wording, title: str) -> str:
        listed = _either(words, [words.title(each) for each in self.words])
        if self.but:
            return words.text("{title} other than {values}", title=title, values=listed)
        if all(_speaks(each) for each in self.words):
            return listed
        return words.text("{title} {value}", title=title, value=listed)

    def _within(self, words: Wording, title: str, each: Range) -> str:
        forms = DAYS if self.kind == "date" else FLOORS if self.fact == "floor" else NUMBERS
        lo, hi = (None if bound is None else self._value(words, bound) for bound in (each.lo, each.hi))
        key = "point" if each.is_point else _shape(each)
        return words.text(forms[key], title=title, lo=lo or "", hi=hi or "")

    def _value(self, words: Wording, value: Any) -> str:
        if isinstance(value, datetime):
            return words.moment(value)
        if isinstance(value, date):
            return words.day(value)
        told = words.number(value, _places(value))
        return f"{told} {self.unit}" if self.unit else told

    def to_dict(self) -> dict[str, str]:
        return {"fact": self.fact, "cell": self.cell}


@dataclass(frozen=True, slots=True)
class Together:
    """Conditions that must all hold."""

    conditions: tuple[Asked, ...]

    @property
    def cell(self) -> str:
        return "{" + ", ".join(f"{each.fact}: {each.cell}" for each in self.conditions) + "}"

    def in_words(self, words: Wording) -> str:
        return narrowed(words, [each.in_words(words) for each in self.conditions])


def narrowed(words: Wording, pieces: Iterable[str]) -> str:
    """What narrows down, one after the other; not a list of things."""
    return reduce(lambda wide, narrow: words.text("{wide}, {narrow}", wide=wide, narrow=narrow), pieces)


def _places(value: Decimal) -> int:
    return max(-int(value.as_tuple().exponent), 0)


def _speaks(titles: Titles) -> bool:
    """Whether a value says by itself what it is about: residential does, A and 1 do not."""
    return len(titles["en"]) > 2 and titles["en"] not in (
        "none",
        "other",
        "yes",
        "open",
        "closed",
        "due",
        "any other",
    )


def _either(words: Wording, items: list[str]) -> str:
    if len(items) < 2:
        return "".join(items)
    return words.text("{several} or {another}", several=words.listed(items[:-1]), another=items[-1])


def _shape(each: Range) -> str:
    low = "" if each.lo is None else "above" if each.lo_open else "from"
    high = "" if each.hi is None else "below" if each.hi_open else "up_to"
    return f"{low} {high}".strip()


NUMBERS: Mapping[str, str] = {
    "point": sentence("{title} {lo}"),
    "from": sentence("{title} {lo} and up"),
    "above": sentence("{title} above {lo}"),
    "up_to": sentence("{title} up to {hi}"),
    "below": sentence("{title} below {hi}"),
    "from up_to": sentence("{title} {lo} to {hi}"),
    "from below": sentence("{title} {lo} to below {hi}"),
    "above up_to": sentence("{title} above {lo} up to {hi}"),
    "above below": sentence("{title} above {lo} and below {hi}"),
}
FLOORS: Mapping[str, str] = {
    **NUMBERS,
    "point": sentence("floor {lo}"),
    "from": sentence("floors {lo} and up"),
    "up_to": sentence("floors up to {hi}"),
    "from up_to": sentence("floors {lo} to {hi}"),
}
DAYS: Mapping[str, str] = {
    **NUMBERS,
    "point": sentence("{title} on {lo}"),
    "from": sentence("{title} from {lo} on"),
    "below": sentence("{title} before {hi}"),
    "from below": sentence("{title} from {lo}, before {hi}"),
    "from up_to": sentence("{title} from {lo} to {hi}"),
}


# From the values of an axis


def asked(pair: Pair, common: Common, bands: Bands) -> Asked | None:
    """The condition that holds for these values; None where it holds for all that both versions know."""
    known = pair.made
    if (common.name, bands) not in known:
        known[common.name, bands] = _asked(pair, common, bands)
    return known[common.name, bands]  # type: ignore[no-any-return]


def _asked(pair: Pair, common: Common, bands: Bands) -> Asked | None:
    if not without(common.shared, bands) and common.shared:
        return None
    absent = common.axis.hi + 1
    null = common.axis.nullable and any(a <= absent < b for a, b in bands)
    values = without(bands, ((absent, absent + 1),))
    kind, name = common.subject.kind, common.name
    told: dict[str, Any] = {"fact": name, "title": pair.title(name), "kind": kind, "null": null}
    if kind in ("choice", "text", "boolean"):
        return _of_words(pair, common, values, told)
    ranges = tuple(_range(common, each) for each in values)
    cell = ", ".join([*(["null"] if null else []), *(write_test(each, _literal) for each in ranges)])
    side = pair.new if pair.new.subject(name) is not None else pair.old
    return Asked(cell=cell, ranges=ranges, unit=side.unit(name), **told)


def _literal(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else write(value)


def _of_words(pair: Pair, common: Common, values: Bands, told: dict[str, Any]) -> Asked:
    subject, null = common.subject, ["null"] if told["null"] else []
    numbers = [n for lo, hi in values for n in range(lo, hi)]
    if subject.kind == "boolean":
        codes = [("false", "true")[n] for n in numbers]
        spelled = tuple(_spelled(pair, common.name, code) for code in codes)
        shown = tuple(each for each in spelled if each)
        return Asked(cell=", ".join([*null, *codes]), words=shown if len(codes) == 1 else (), **told)
    everything = range(common.axis.lo, common.axis.hi + 1)
    rest = [n for n in everything if n not in numbers]
    but = (
        bool(rest)
        and not null
        and (len(subject.codes) in numbers or (len(rest) < 3 and len(numbers) > 2 * len(rest)))
    )
    codes = [subject.text(n) for n in (rest if but else numbers)]
    texts = [code if is_plain_word(code) else write(code) for code in codes]
    cell = f"not({', '.join(texts)})" if but else ", ".join([*null, *texts])
    side = pair.new if pair.new.subject(common.name) is not None else pair.old
    return Asked(cell=cell, words=tuple(side.word(common.name, code) for code in codes), but=but, **told)


def _spelled(pair: Pair, name: str, code: str) -> Titles | None:
    """How a language spells the truth of a fact: 有电梯 for true; None where none does."""
    side = pair.new if pair.new.subject(name) is not None else pair.old
    told = side.word(name, code)
    if told["zh"] == code:
        return None
    title = side.title(name)["en"]
    return {"zh": told["zh"], "en": title if code == "true" else f"{title}: no"}


def _range(common: Common, band: tuple[int, int]) -> Range:
    """The values of a band, by the bounds that a person would have written."""
    lo, hi = band
    if hi - lo == 1:
        return Range.of(_rounder(common, lo, lo)[0])
    first, last = common.axis.lo, common.axis.hi + 1
    low = (None, True) if lo <= first else _rounder(common, lo, lo - 1)
    high = (None, True) if hi >= last else _rounder(common, hi - 1, hi)
    return Range(low[0], low[1], high[0], high[1])


def _rounder(common: Common, inside: int, outside: int) -> tuple[Any, bool]:
    """A bound as the last value inside, or as the first outside where that is the rounder number."""
    kind = common.subject.kind
    if kind == "date":
        if outside > inside:
            return from_day_number(outside), True
        return from_day_number(inside), False
    if kind == "datetime":
        value = outside if outside > inside else inside
        return datetime(1970, 1, 1) + timedelta(minutes=value), outside > inside
    scale = common.subject.scale
    if scale and _digits(outside, scale) < _digits(inside, scale):
        return _decimal(outside, scale), True
    return _decimal(inside, scale), False


def _digits(value: int, scale: int) -> int:
    return scale - min(scale, len(str(value)) - len(str(value).rstrip("0"))) if value else 0


def _decimal(value: int, scale: int) -> Decimal:
    number = Decimal(value).scaleb(-scale)
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()
