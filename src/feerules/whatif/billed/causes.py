"""A probable cause of differences: what it is, how many lines it explains, what speaks against it, and examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from feerules.whatif.billed.cause_titles import tests_told, title_of
from feerules.wording import Wording, sentence, translate

__all__ = ["Cause", "Example"]

Sureness = Literal["high", "medium", "low"]
SURENESS = {
    "high": sentence("Probability: high."),
    "medium": sentence("Probability: medium."),
    "low": sentence("Probability: low."),
}
PLACED = ("missing", "extra", "unknown_fee", "unknown_unit", "renamed")


@dataclass(frozen=True, slots=True)
class Example:
    """One line that a cause explains: both amounts, what is known of the unit, and how the book comes to its own."""

    unit_id: str
    ours: Decimal | None
    billed: Decimal | None
    facts: Mapping[str, str]
    explanation: Mapping[str, str]

    @property
    def difference(self) -> Decimal:
        """ours − billed, where no line is nothing."""
        return (self.ours or Decimal("0.00")) - (self.billed or Decimal("0.00"))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: money as text."""
        return {
            "unit_id": self.unit_id,
            "ours": _text(self.ours),
            "billed": _text(self.billed),
            "difference": _text(self.difference),
            "facts": dict(self.facts),
            "explanation": dict(self.explanation),
        }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


@dataclass(frozen=True, slots=True)
class Cause:
    """What another system probably does otherwise with a fee, and the lines that this explains to the fen.

    `code` is stable, `change` the alternative as data ([ours, theirs] for a rule), `where` tells which
    units it is about. `count` lines are explained, with their sums. `touched` lines, among those that no
    larger cause explains and the `tried` ones that match, would change by it: what it does not explain of
    them speaks against it, and `broken` are those that match as they are. `also` are as good.
    """

    id: str
    code: str
    name: str
    fee: str
    of: str
    change: Mapping[str, Any]
    where: tuple[Mapping[str, Any], ...]
    count: int
    ours: Decimal
    billed: Decimal
    touched: int
    broken: int
    tried: int
    sureness: Sureness
    also: tuple[Mapping[str, Any], ...]
    examples: tuple[Example, ...]

    @property
    def difference(self) -> Decimal:
        """ours − billed."""
        return self.ours - self.billed

    @property
    def titles(self) -> dict[str, str]:
        """The title in both languages."""
        return {"zh": self.title("zh_CN"), "en": self.title("en")}

    def title(self, locale: str = "zh_CN") -> str:
        """What it is, in one sentence without its end."""
        return title_of(self.code, self.name, self.of, self.fee, self.change, translate(locale))

    def __str__(self) -> str:
        return self.explain("en")

    def explain(self, locale: str = "zh_CN") -> str:
        """A paragraph: what it is and where, how many lines and how much, how sure that is, and an example."""
        words = translate(locale)
        told = [
            words.text(
                "{cause}. Lines: {count}; ours − billed: {difference}.",
                cause=words.text("{fee}: {title}", fee=self.fee, title=self.title(locale)),
                count=words.number(Decimal(self.count)),
                difference=words.number(self.difference, 2),
            )
        ]
        if self.where:
            told.append(words.text("Where: {tests}.", tests=tests_told(self.where, words)))
        return words.told([*told, *self._evidence(words)])

    def _evidence(self, words: Wording) -> list[str]:
        told = []
        if self.code not in PLACED:
            numbers = {
                name: words.number(Decimal(getattr(self, name)))
                for name in ("count", "touched", "broken", "tried")
            }
            numbers["touched"] = words.number(Decimal(max(self.touched, self.count)))
            told.append(
                words.text(
                    "Of the lines that it would change ({touched}) it explains {count}; of those that match ({tried}) it would break {broken}.",
                    **numbers,
                )
            )
        told.append(words.text(SURENESS[self.sureness]))
        if self.also:
            titles = words.listed(
                title_of(each["code"], each["name"], each["of"], self.fee, each["change"], words)
                for each in self.also
            )
            told.append(words.text("As good: {titles}.", titles=titles))
        for example in self.examples[:1]:
            amounts = {"ours": example.ours or Decimal(0), "billed": example.billed or Decimal(0)}
            told.append(
                words.text(
                    "For example {unit}: {ours} by the book, {billed} billed.",
                    unit=example.unit_id,
                    **{name: words.number(each, 2) for name, each in amounts.items()},
                )
            )
        return told

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: money as text."""
        return {
            "id": self.id,
            "code": self.code,
            "fee": self.fee,
            "of": self.of,
            "titles": self.titles,
            "change": _plain(self.change),
            "where": [dict(each) for each in self.where],
            "count": self.count,
            "ours": _text(self.ours),
            "billed": _text(self.billed),
            "difference": _text(self.difference),
            "touched": self.touched,
            "broken": self.broken,
            "tried": self.tried,
            "sureness": self.sureness,
            "also": [self._other(each) for each in self.also],
            "examples": [each.to_dict() for each in self.examples],
        }

    def _other(self, each: Mapping[str, Any]) -> dict[str, Any]:
        titles = {
            key: title_of(each["code"], each["name"], each["of"], self.fee, each["change"], translate(key))
            for key in ("zh", "en")
        }
        return {"id": each["id"], "titles": titles}


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [*map(_plain, value)]
    return value if value is None or isinstance(value, bool | int) else str(value)
