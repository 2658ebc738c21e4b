"""Charts as SVG: bars, columns and waterfalls, drawn without a script, with text that stays text.

A chart is said in Vega-Lite, which is data. Numbers become floats here and nowhere else: a bar has a length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from types import MappingProxyType
from typing import Any

import vl_convert
from markupsafe import Markup

from feerules.pages.labels import apart, extent, folded, shortened, width_of
from feerules.pages.page import Chart, Kind, Point, Tone

__all__ = ["COLOURS", "drawn", "is_cut", "legend", "levels", "spelled"]

# The version of the grammar is fixed, so that a newer package draws the same.
GRAMMAR = "5.21"
WIDTH, BAR, HEIGHT = 600, 30, 230
# Told apart by people who do not see red or green (after Okabe and Ito), and by their greys.
COLOURS: Mapping[Tone, str] = MappingProxyType(
    {
        "plain": "#0072B2",
        "total": "#5B6470",
        "more": "#D55E00",
        "less": "#0072B2",
        "alert": "#A4262C",
        "first": "#0072B2",
        "second": "#E69F00",
        "third": "#009E73",
        "fourth": "#CC79A7",
        "fifth": "#56B4E9",
    }
)
FONT = "'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','Source Han Sans SC','Segoe UI',Arial,sans-serif"
INK, PALE = "#1F2933", "#D9DEE4"
AXIS = {
    "labelColor": INK,
    "labelFontSize": 12,
    "labelLimit": 0,
    "labelLineHeight": 13,
    "titleColor": INK,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
    "gridColor": PALE,
    "domainColor": PALE,
    "tickColor": PALE,
}
CONFIG = {
    "aria": False,  # it would speak English only; the caption and the table speak the reader's language
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": AXIS,
    "text": {"fontSize": 12, "fill": INK},
}  # fmt: skip
CALM = {"grid": False, "ticks": False, "domain": False, "labelPadding": 6}
# Standing columns carry their values while these fit.
MOST_TICKS, TICKS, WIDE = 100, 5, 1_000_000
MOST_SAID, WIDEST_SAID, WIDEST_LABELS, EVERY_LABEL = 12, 9, 78, 40
BELOW = 24  # letters of a label below a column
# The parts of a bar follow each other as the legend tells them.
ORDER = {"field": "place", "type": "quantitative"}


def drawn(chart: Chart) -> Markup:
    """The chart as an SVG element that fits any width, with its sentence for those who do not see it."""
    shape = {"bars": _bars, "columns": _columns, "waterfall": _waterfall}[chart.shape]
    sized = {"width": WIDTH, "autosize": {"type": "fit-x", "contains": "padding"}, "padding": 4}
    svg: str = vl_convert.vegalite_to_svg({**sized, **shape(chart), "config": CONFIG}, vl_version=GRAMMAR)
    head, _, body = svg.partition(">")
    box = head.partition('viewBox="')[2].partition('"')[0]
    opening = Markup('<svg xmlns="http://www.w3.org/2000/svg" viewBox="{}" role="img" aria-label="{}">')
    return opening.format(box, f"{chart.title}: {chart.told}") + Markup(body)


def legend(chart: Chart) -> list[tuple[str, str]]:
    """The colours of a chart whose bars have parts: (colour, series). It stands beside the picture, as text."""
    return [*_colours(chart)] if _is_stacked(chart) else []


def spelled(value: Decimal, kind: Kind) -> str:
    """A value as it stands beside its bar."""
    return f"{value * 100:,.1f}%" if kind == "share" else f"{value:,}"


# Lying bars


def _bars(chart: Chart) -> dict[str, Any]:
    stacked = _is_stacked(chart)
    x = _values(chart) | {"scale": {"domain": _room(chart, beside=not stacked)}, "stack": "zero"}
    bar = {
        "mark": {"type": "bar", "height": {"band": 0.7}},
        "encoding": {"x": x, "color": _colour(chart), "order": ORDER},
    }
    return {
        "height": BAR * len(_labels(chart)),
        "data": {"values": _rows(chart)},
        "encoding": {"y": _beside_bars(_labels(chart))},
        "layer": [bar, {"mark": {"type": "rule", "stroke": INK}, "encoding": {"x": {"datum": 0}}}]
        + ([] if stacked else [_beside(x, "left", 5, ">= 0"), _beside(x, "right", -5, "< 0")]),
    }


def _beside(x: Mapping[str, Any], align: str, shift: int, where: str) -> dict[str, Any]:
    """The values of a bar, where it ends."""
    return {
        "transform": [{"filter": f"datum.value {where}"}],
        "mark": {"type": "text", "align": align, "dx": shift},
        "encoding": {"x": x, "text": {"field": "said"}},
    }


def _room(chart: Chart, *, beside: bool) -> list[float]:
    """From where to where the axis goes: with room for the values that stand where bars end."""
    sums = [*_sums(chart.points), Decimal(0)]
    low, high = min(sums), max(sums)
    room = (high - low or 1) * (Decimal("0.2") if beside else Decimal("0.03"))
    return [float(low - (room if low < 0 else 0)), float(high + (room if high > 0 or low == 0 else 0))]


def _sums(points: Iterable[Point]) -> Iterator[Decimal]:
    """Where the bars of each label end, on both sides."""
    for _, each in groupby(sorted(points, key=lambda point: point.label), key=lambda point: point.label):
        parts = [point.value for point in each]
        yield sum((value for value in parts if value > 0), Decimal(0))
        yield sum((value for value in parts if value < 0), Decimal(0))


# Standing columns


def _columns(chart: Chart) -> dict[str, Any]:
    labels = _labels(chart)
    slanted = sum(map(width_of, labels)) > WIDEST_LABELS
    below = round(extent(labels) * 0.65) + 6 if slanted else 22
    axis = CALM | {
        "labelAngle": -40 if slanted else 0,
        "labelOverlap": len(labels) > EVERY_LABEL,
        **_room_for(below),
    }
    y = _values(chart) | {"stack": "zero"}
    if chart.top is not None:
        y["scale"] = {"domainMax": float(chart.top), "nice": True}
    beside = extent([_widest_number(chart)])
    if slanted:  # the first label begins left of its column
        beside = max(beside, round(extent(labels[:1]) * 0.77) - WIDTH // len(labels) // 2)
    y["axis"] = y["axis"] | _room_for(beside)
    bar = {
        "mark": {"type": "bar", "width": {"band": 0.8}},
        "encoding": {"y": y, "color": _colour(chart), "order": ORDER},
    }
    said = {
        "mark": {"type": "text", "baseline": "bottom", "dy": -3},
        "encoding": {"y": y, "text": {"field": "said"}},
    }
    return {
        "height": HEIGHT,
        "data": {"values": _rows(chart)},
        "encoding": {"x": {"field": "label", "type": "nominal", "sort": labels, "title": chart.labels, "axis": axis}},
        "layer": [bar, {"mark": {"type": "rule", "stroke": INK}, "encoding": {"y": {"datum": 0}}}]
        + ([said] if _may_be_said(chart, labels) else []),
    }  # fmt: skip


def _widest_number(chart: Chart) -> str:
    """As wide as the widest number of an axis gets."""
    highest = max(map(abs, _sums(chart.points)), default=Decimal(0))
    return "0000" if highest < MOST_TICKS else f"{highest:,.0f}0"


def _may_be_said(chart: Chart, labels: Sequence[str]) -> bool:
    widest = max(len(spelled(point.value, chart.kind)) for point in chart.points)
    rising = all(point.value >= 0 for point in chart.points)
    return rising and not _is_stacked(chart) and len(labels) <= MOST_SAID and widest <= WIDEST_SAID


# Waterfalls


def levels(points: Sequence[Point]) -> Iterator[tuple[Decimal, Decimal]]:
    """Where each bar of a waterfall begins and ends: a total at zero, a step where the last one ended."""
    reached = Decimal(0)
    for point in points:
        before = Decimal(0) if point.tone == "total" else reached
        reached = before + point.value
        yield before, reached


def _waterfall(chart: Chart) -> dict[str, Any]:
    spans = list(levels(chart.points))
    floor, ceiling = _window(chart.points)
    # Two steps may have one name, and stand apart all the same.
    names = apart(folded(point.label) for point in chart.points)
    rows = [
        row
        | {"label": name, "from": max(float(first), floor), "to": float(last), "end": float(max(first, last))}
        for row, name, (first, last) in zip(_rows(chart), names, spans, strict=True)
    ]
    x = _values(chart) | {"scale": {"domain": [floor, ceiling], "zero": False, "nice": False}}
    bar = {
        "mark": {"type": "bar", "height": {"band": 0.7}},
        "encoding": {"x": x | {"field": "from"}, "x2": {"field": "to"}, "color": _colour(chart)},
    }
    said = {
        "mark": {"type": "text", "align": "left", "dx": 5},
        "encoding": {"x": x | {"field": "end"}, "text": {"field": "said"}},
    }
    return {
        "height": BAR * len(rows),
        "data": {"values": rows},
        "encoding": {"y": _beside_bars(names)},
        "layer": [bar, said],
    }


def is_cut(points: Sequence[Point]) -> bool:
    """Whether the axis of a waterfall does not begin at zero, for else its steps would be too small to be seen."""
    ends = [last for _, last in levels(points)]
    return min(ends) > 0 and (max(ends) - min(ends)) * 4 < max(ends)


def _window(points: Sequence[Point]) -> tuple[float, float]:
    """The part of the axis that is shown, with room for the values that stand where bars end."""
    ends = [last for _, last in levels(points)]
    lowest, highest = min(ends), max(ends)
    span = highest - lowest
    low = lowest - (span or highest / 10) if is_cut(points) else min(lowest, Decimal(0))
    high = highest + ((highest - low) or 1) * Decimal("0.24")
    return float(low), float(high)


# What all have


def _labels(chart: Chart) -> list[str]:
    return [*_names(chart).values()]


def _names(chart: Chart) -> dict[str, str]:
    """What each label is shown as: folded beside a bar, cut below a column, and never like another one."""
    labels = list(dict.fromkeys(point.label for point in chart.points))
    shown = (shortened(each, BELOW) if chart.shape == "columns" else folded(each) for each in labels)
    return dict(zip(labels, apart(shown), strict=True))


def _beside_bars(labels: list[str]) -> dict[str, Any]:
    """The names of bars, in lines, with the room that they need."""
    two_lines = {"test": "indexof(datum.label, '\\n') >= 0", "value": -6}
    lines = {"labelExpr": "split(datum.label, '\\n')", "labelOffset": {"condition": two_lines, "value": 0}}
    axis = CALM | lines | _room_for(extent(labels))
    return {"field": "label", "type": "nominal", "sort": labels, "title": None, "axis": axis}


def _room_for(pixels: int) -> dict[str, int]:
    """As told and not as measured: machines have different letters, and a page is read on another one."""
    return {"minExtent": pixels, "maxExtent": pixels}


def _series(chart: Chart) -> list[str]:
    return list(dict.fromkeys(point.series for point in chart.points))


def _is_stacked(chart: Chart) -> bool:
    return len(_series(chart)) > 1


def _values(chart: Chart) -> dict[str, Any]:
    form = "%" if chart.kind == "share" else ",~f"
    few = chart.kind == "number" and all(abs(each) < TICKS for each in _sums(chart.points))
    # Of a few accounts there are no halves.
    count = max([1, *(int(abs(each)) for each in _sums(chart.points))]) if few else TICKS
    if any(abs(each) >= WIDE for each in _sums(chart.points)):
        count = TICKS - 1
    axis = {"format": form, "tickCount": count}
    return {"field": "value", "type": "quantitative", "title": chart.values, "axis": axis}


def _rows(chart: Chart) -> list[dict[str, Any]]:
    names, series = _names(chart), _series(chart)
    return [
        {
            "place": series.index(point.series),
            "label": names[point.label],
            "series": point.series,
            "tone": point.tone,
            "value": float(point.value),
            "said": spelled(point.value, chart.kind),
        }
        for point in chart.points
    ]


def _colours(chart: Chart) -> Iterator[tuple[str, str]]:
    """Colours by series; of one series, by how each value is meant."""
    stacked = _is_stacked(chart)
    known = {point.series if stacked else point.tone: COLOURS[point.tone] for point in chart.points}
    return ((colour, name) for name, colour in known.items())


def _colour(chart: Chart) -> dict[str, Any]:
    colours, names = zip(*_colours(chart), strict=True)
    field = "series" if _is_stacked(chart) else "tone"
    scale = {"domain": list(names), "range": list(colours)}
    return {"field": field, "type": "nominal", "scale": scale, "sort": list(names), "legend": None}
