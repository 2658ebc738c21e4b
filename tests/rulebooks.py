"""Random rule books and random units: every charge kind, drawn so that most books load."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

import feerules

FACTS = """
  type: {choice: [home, shop, bay]}
  area: {decimal: 2, min: 0, max: 100000, unit: m²}
  floor: {integer: true, min: -5, max: 120}
  lift: {boolean: true, optional: true}
  estate: {text: true}
  persons: {integer: true, min: 0, max: 30}
  handover: {date: true, min: 2000-01-01, max: 2040-12-31}
  leaves_on: {date: true, optional: true, min: 2000-01-01, max: 2040-12-31}
  vacant_since: {date: true, default: 2040-12-31, min: 2000-01-01, max: 2040-12-31}
  contract_rate: {decimal: 6, min: 0, max: 100}
  used: {decimal: 2, min: 0, max: 99999, unit: m³, usage: true}
  used_before: {decimal: 2, min: 0, max: 999999, unit: m³, usage: true}
  peak: {decimal: 1, min: 0, max: 9999, unit: kWh, usage: true}
  valley: {decimal: 1, min: 0, max: 9999, unit: kWh, usage: true}
  huge: {decimal: 9, min: -1000000000, max: 1000000000}
  entered_at: {datetime: true, min: 2026-01-01, max: 2027-12-31}
  left_at: {datetime: true, min: 2026-01-01, max: 2028-12-31}
  minutes: {integer: true, min: 0, max: 100000}
"""


def plainly(number: Decimal) -> str:
    """A number as people write it: 0.0001, never 1E-4."""
    return format(number, "f")


prices = st.decimals(min_value=0, max_value=20, places=4).map(plainly)
outputs = st.one_of(
    prices, st.sampled_from(["contract_rate", "2 * contract_rate + 0.5", "0.1 * floor * floor"])
)
small = st.decimals(min_value=0, max_value=2, places=3).map(plainly)
modes = st.sampled_from(["half_up", "half_even", "half_down", "up", "down"])
units_of_money = st.sampled_from(["0.01", "0.1", "1", "0.05"])


@st.composite
def tables(draw: Any) -> str:
    """A decision table with hit: first over a few columns, always complete."""
    cells = {
        "type": ["-", "home", "shop, bay", "not(bay)"],
        "floor": ["-", "[1..3]", "> 3", "< 0", "not([2..5))"],
        "lift": ["-", "true", "false", "null"],
        "area": ["-", "< 89.555", "[90..144)", ">= 144"],
        "estate": ["-", "east", "not(east, west)"],
        "month": ["-", "[5..11]", "12, 1, 2"],
        "handover": ["-", "< 2020-01-01", "[2020-01-01..2026-06-30]"],
    }
    columns = draw(st.lists(st.sampled_from(sorted(cells)), min_size=1, max_size=3, unique=True))
    rows = [
        [*(draw(st.sampled_from(cells[name])) for name in columns), draw(outputs)]
        for _ in range(draw(st.integers(1, 4)))
    ]
    rows.append([*("-" for _ in columns), draw(prices)])
    lines = ["| " + " | ".join([*columns, "rate"]) + " |", "|" + "---|" * (len(columns) + 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "{hit: first, table: " + _quoted("\n".join(lines)) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def rates() -> st.SearchStrategy[str]:
    guided = st.tuples(prices, small).map(lambda x: f"{{base: {x[0]}, float: 0.05, up: 0.25, down: {x[1]}}}")
    named = st.tuples(prices, tables()).map(lambda x: f"{{sum: {{one: {x[0]}, two: {x[1]}}}}}")
    formula = st.sampled_from(
        [
            "contract_rate",
            "contract_rate + 0.5",
            "if(floor > 3, 2.8, 2)",
            "day_of(handover) + 0.1 * weekday_of(handover)",
            "round(contract_rate / (persons + 1), 4)",
        ]
    ).map(_quoted)
    return st.one_of(prices, tables(), formula, named, guided)


@st.composite
def tier_tables(draw: Any, columns: tuple[str, ...]) -> str:
    ends = sorted(draw(st.sets(st.integers(1, 400), min_size=1, max_size=3)))
    lines = ["| up to | " + " | ".join(columns) + " |", "|" + "---|" * (len(columns) + 1)]
    rows = [*map(str, ends), "above"]
    if draw(st.booleans()):
        rows[draw(st.integers(0, len(ends) - 1))] = "20 * persons - 10"
    lines.extend(f"| {end} | " + " | ".join(draw(outputs) for _ in columns) + " |" for end in rows)
    return _quoted("\n".join(lines))


@st.composite
def usage_fees(draw: Any) -> str:
    kind = draw(st.sampled_from(["graduated", "volume", "step", "surcharge", "package"]))
    column = {"step": "amount", "surcharge": "surcharge"}.get(kind, "rate")
    over = draw(
        st.sampled_from(
            ["bill", "month", "{year_from: 01-01, used_before: used_before}", "{year_from: 07-01}"]
        )
    )
    table = draw(tier_tables((column,)))
    more = {"surcharge": f", base: {draw(prices)}", "package": ", size: 7.5"}.get(kind, "")
    if draw(st.booleans()):
        more += ", raise_bounds: [{when: {persons: '>= 5'}, by: 30 * (persons - 4)}]"
    if draw(st.booleans()):
        return f"per: {{fact: used, times: 0.9}}, rate: {draw(rates())}, {draw(changes())}"
    return f"per: used, tiers: {{kind: {kind}, over: {over}, table: {table}{more}}}, {draw(changes())}"


def changes() -> st.SearchStrategy[str]:
    """Where usage goes at a change, in a month or in a quarter that is priced month by month."""
    goes = st.sampled_from(["by_days", "all_to_the_later"]).map("at_a_change: {}".format)
    quarters = st.sampled_from(["", "", ", every: quarter", ", every: quarter, judged: each_month"])
    return st.tuples(goes, quarters).map("".join)


@st.composite
def register_fees(draw: Any) -> str:
    table = draw(tier_tables(("peak", "valley")))
    assign = draw(st.sampled_from(["proportional", "in_order"]))
    return f"registers: {{peak: peak, valley: valley}}, assign: {assign}, tiers: {{table: {table}}}, {draw(changes())}"


@st.composite
def time_fees(draw: Any) -> str:
    parts = [f"rate: {draw(rates())}", f"prorate: {draw(st.sampled_from(PRORATIONS))}"]
    if draw(st.booleans()):
        parts.append("per: area")
    every = draw(
        st.sampled_from(["month", "quarter", "year", "{months: 2}", "{cycle: month, starts_on: 01-16}"])
    )
    if draw(st.booleans()):
        every = "{cycle: quarter, anniversary_of: handover}"
        parts[1] = f"prorate: {draw(st.sampled_from(PRORATIONS[:-1]))}"
    parts += [f"every: {every}", f"rate_per: {draw(st.sampled_from(['month', 'cycle', 'year', 'day']))}"]
    if draw(st.booleans()):
        parts.append(
            draw(st.sampled_from(["starts: handover", "starts: {fact: handover, before: developer}"]))
        )
    if draw(st.booleans()):
        parts.append(draw(st.sampled_from(["ends: leaves_on", "ends: {fact: leaves_on, after: tenant}"])))
    if draw(st.booleans()):
        parts.append("judged: each_month")
    if draw(st.booleans()):
        parts.append(f"rounding: {draw(roundings())}")
    return ", ".join(parts)


PRORATIONS = (
    "calendar_days", "thirty_day_months", "half_months", "whole_months", "full_months", "next_month", "days_365",
    "none", "cycle_days", "days_of_year",
)  # fmt: skip


@st.composite
def roundings(draw: Any) -> str:
    stages = draw(
        st.lists(
            st.sampled_from(["month_fraction", "rate", "month", "fee_line"]),
            min_size=1,
            max_size=3,
            unique=True,
        )
    )
    told = []
    for stage in stages:
        unit = "0.0001" if stage in ("month_fraction", "rate") else draw(units_of_money)
        told.append(f"{{stage: {stage}, unit: {unit}, mode: {draw(modes)}}}")
    return "[" + ", ".join(told) + "]"


def adjustments() -> st.SearchStrategy[str]:
    when = st.sampled_from(
        ["{}", "{floor: '> 3'}", "{type: home}", "{lift: 'null, false'}", "{vacant: '>= 6'}"]
    )
    action = st.one_of(
        small.map("times: {}".format), prices.map("plus: {}".format), prices.map("minus: {}".format),
        prices.map("at_most: {}".format), prices.map("at_least: {}".format), st.just("free_months: 0.5"),
        st.just("per_unit: {of: persons, above: 3, times: 0.125, at_most: 1}"),
        st.just("per_unit: {of: area, above: 90.5, plus: 0.03, started: true}"),
    )  # fmt: skip
    return st.lists(st.tuples(when, action).map(lambda x: f"{{when: {x[0]}, {x[1]}}}"), max_size=3).map(
        lambda each: "[" + ", ".join(each) + "]"
    )


visits = st.tuples(prices, st.sampled_from(["from_its_end", "from_the_start"])).map(
    lambda x: (
        f"per: {{started: 30 minutes, minutes: minutes, free: 1 hour, beyond_free: {x[1]}, cap: 25}}, "
        f"rate: {x[0]}, every: {{use: entered_at}}"
    )
)
PER_DAY = (
    "every: {use: entered_at}, maximum: {amount: 60, each: 1 day}, parts: {"
    "day: {per: {started: 15 minutes, between: [entered_at, left_at], during: '07:00-21:00', free: 1 hour, cap: 30}, rate: 1.25}, "
    "night: {per: {started: 2 hours, between: [entered_at, left_at], during: '21:00-07:00', free: 1 hour}, rate: 1}}"
)
others = st.sampled_from(
    [
        PER_DAY,
        "rate: 500, kind: deposit, every: {once: handover}",
        "pass_through: contract_rate",
        "per: huge, rate: 0.000001, every: month",
        "parts: {base: {per: area, rate: 12}, usage: {per: used, rate: 0.16}}, at_a_change: by_days",
        "per: area, rate: contract_rate, ceiling: {rate: 50, beyond: cap}, kind: refund",
        "per: area, rate: 1.5, ceiling: 60, applies: {type: home}",
    ]
)


@st.composite
def fees(draw: Any) -> str:
    body = draw(st.one_of(time_fees(), usage_fees(), register_fees(), visits, others))
    more = [body, f"adjustments: {draw(adjustments())}"]
    if draw(st.booleans()):
        more.append(f"tax: {{rate: 0.06, included: {draw(st.sampled_from(['true', 'false']))}}}")
    if draw(st.booleans()):
        more.append(f"minimum: {draw(prices)}")
    if draw(st.booleans()) and "parts" not in body:
        more.append(f"maximum: {{amount: {draw(prices)}, whole: true}}")
    return "{" + ", ".join(more) + "}"


@st.composite
def books(draw: Any) -> dict[str, str]:
    """The files of a book: one schedule, sometimes with a second version inside the period."""
    versions = {"first.yaml": "2020-01-01"}
    if draw(st.booleans()):
        versions["second.yaml"] = draw(st.dates(date(2026, 1, 2), date(2026, 12, 30))).isoformat()
    count = draw(st.integers(1, 3))
    return {
        name: _schedule(day, [draw(fees()) for _ in range(count)], draw) for name, day in versions.items()
    }


def _schedule(day: str, bodies: list[str], draw: Any) -> str:
    lines = [f"  fee_{n}: {body}" for n, body in enumerate(bodies)]
    monthly = "every:" not in bodies[0].replace("every: month", "")
    if monthly and draw(st.booleans()):
        lines.append("  surcharge: {per: {fees: [fee_0]}, rate: 0.05}")
    bill = f"bill: {{unit: 0.1, mode: {draw(modes)}}}\n" if draw(st.booleans()) else ""
    return (
        f"kind: fee-schedule\nid: random\neffective: {{from: {day}}}\nfacts:{FACTS}"
        "derived:\n  vacant: {formula: 'max(months_between(vacant_since, judged_on), 0)'}\n"
        f"{bill}fees:\n" + "\n".join(lines) + "\n"
    )


def loaded(files: dict[str, str], period: str, *, dated: bool = False) -> feerules.Book:
    """The book; a draw whose numbers would pass 38 digits is refused as it should be, and drawn again."""
    try:
        book = feerules.load_files(files)
        book.plan(feerules.Period.parse(period), dated=dated)
        return book
    except feerules.RuleErrors as error:
        assume({problem.code for problem in error.problems} != {"overflow"})
        raise


days = st.dates(date(2024, 1, 1), date(2027, 12, 31))
edges = st.sampled_from(
    [date(2000, 1, 1), date(2040, 12, 31), date(2026, 2, 28), date(2024, 2, 29), date(2026, 1, 31)]
)


def decimals(places: int, most: int, least: int = 0) -> st.SearchStrategy[str]:
    inside = st.decimals(min_value=least, max_value=most, places=places).map(plainly)
    return st.one_of(inside, st.sampled_from([str(least), str(most)]))


def dirty(values: st.SearchStrategy[Any], *dirt: Any) -> st.SearchStrategy[Any]:
    """Mostly values that are right; one in twenty is not."""
    return st.integers(0, 19).flatmap(lambda n: values if n < 19 else st.sampled_from([None, "", "x", *dirt]))


UNITS = {
    "type": dirty(st.sampled_from(["home", "shop", "bay"]), "villa"),
    "area": dirty(decimals(2, 100000), "89.505", "-1", "１２"),
    "floor": dirty(st.integers(-5, 120).map(str), "121", "1.5"),
    "lift": dirty(st.sampled_from(["true", "false", None]), "yes"),
    "estate": dirty(st.sampled_from(["east", "west", "north"])),
    "persons": dirty(st.integers(0, 30).map(str), "31"),
    "handover": dirty(st.one_of(days, edges).map(str), "2026-02-30", "1999-12-31"),
    "leaves_on": dirty(st.one_of(st.none(), days.map(str)), "2041-01-01"),
    "vacant_since": dirty(st.one_of(st.none(), days.map(str))),
    "contract_rate": dirty(decimals(6, 100), "0.0000001"),
    "used": dirty(decimals(2, 99999), "-0.01"),
    "used_before": dirty(decimals(2, 999999)),
    "peak": dirty(decimals(1, 9999)),
    "valley": dirty(decimals(1, 9999)),
    "huge": dirty(decimals(9, 1000000000, -1000000000)),
    "entered_at": dirty(days.map(lambda day: f"{day}T08:30"), "2026-13-01T00:00"),
    "left_at": dirty(
        st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)).map("{:%Y-%m-%dT%H:%M}".format)
    ),
    "minutes": dirty(st.integers(0, 100000).map(str)),
}


def units(most: int = 12) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Records of text, as a CSV file gives them."""
    return st.lists(st.fixed_dictionaries(UNITS), min_size=1, max_size=most)


@st.composite
def changes_of(draw: Any, unit: dict[str, Any]) -> list[dict[str, Any]]:
    """A unit whose facts or owner change on some days."""
    moments = sorted(draw(st.sets(days, min_size=1, max_size=2)))
    changes = []
    for moment in moments:
        facts = draw(st.sampled_from([{"area": "77.77"}, {"owner_id": "B"}, {"type": "shop"}, {"used": "5"}]))
        changes.append({"from": moment, "facts": dict(facts)})
    return changes


periods = st.sampled_from(
    ["2026-11", "2026-02", "2026-Q1", "2026", "2026-01-16/2026-03-20", "2026-12", "2024-02"]
)
