"""Figures, bars and waterfalls of money, made alike for every result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from feerules.pages.charts import is_cut
from feerules.pages.page import Chart, Figure, Kind, Point, Tone
from feerules.pages.reader import Reader

__all__ = ["SERIES", "bars", "money_figures", "side", "signed", "waterfall"]

SERIES: tuple[Tone, ...] = ("first", "second", "third", "fourth", "fifth")
MOST_BARS = 16


def money_figures(
    reader: Reader, label: str, amounts: Mapping[str, Decimal], tone: Tone = "plain"
) -> list[Figure]:
    """An amount of each currency."""
    return [Figure(label, reader.money(amount, currency), tone=tone) for currency, amount in amounts.items()]


def side(value: Decimal) -> Tone:
    return "more" if value > 0 else "less" if value < 0 else "plain"


def signed(text: str, value: Decimal) -> str:
    """A change with its sign, a raise too."""
    return f"+{text}" if value > 0 else text


def bars(
    reader: Reader,
    title: str,
    points: Iterable[tuple[str, Decimal | int]],
    *,
    labels: str,
    values: str,
    kind: Kind = "money",
    sided: bool = False,
) -> list[Chart]:
    """One lying bar for each label, the largest first; small ones together. None where there are not two."""
    ordered = sorted(((label, Decimal(value)) for label, value in points), key=lambda each: -abs(each[1]))
    if len(ordered) < 2 or not any(value for _, value in ordered):
        return []
    rest = ordered[MOST_BARS:]
    if rest:
        other = reader.words.text("{number} others", number=reader.number(len(rest)))
        ordered = [*ordered[:MOST_BARS], (other, sum((value for _, value in rest), Decimal(0)))]
    told = tuple(Point(label, value, "", side(value) if sided else "plain") for label, value in ordered)
    largest = told[0]
    sentence = reader.words.text(
        "Largest: {label}, {value}.", label=largest.label, value=_said(reader, largest.value, kind)
    )
    return [Chart(title, sentence, "bars", kind, told, labels, values)]


def _said(reader: Reader, value: Decimal, kind: Kind) -> str:
    return reader.words.percent(value) if kind == "share" else reader.written(value, kind)


def waterfall(
    reader: Reader,
    title: str,
    opening: tuple[str, Decimal],
    steps: Sequence[tuple[str, Decimal]],
    closing: tuple[str, Decimal],
    *,
    values: str,
) -> Chart:
    """How one total became another; steps of nothing are left out, small ones stand together."""
    moved = [step for step in steps if step[1]]
    if len(moved) > MOST_BARS:
        kept = sorted(moved, key=lambda step: -abs(step[1]))[: MOST_BARS - 1]
        rest = [step for step in moved if step not in kept]
        other = reader.words.text("{number} others", number=reader.number(len(rest)))
        moved = [*(step for step in moved if step in kept), (other, sum((v for _, v in rest), Decimal(0)))]
    points = [
        Point(*opening, "", "total"),
        *(Point(label, value, "", side(value)) for label, value in moved),
        Point(*closing, "", "total"),
    ]
    text = reader.words.text
    told = text(
        "From {opening} to {closing}: {change}.",
        opening=reader.money(opening[1]),
        closing=reader.money(closing[1]),
        change=signed(reader.money(closing[1] - opening[1]), closing[1] - opening[1]),
    )
    if is_cut(points):
        told = reader.words.told([told, text("The axis does not begin at zero.")])
    return Chart(title, told, "waterfall", "money", tuple(points), text("Step"), values)
