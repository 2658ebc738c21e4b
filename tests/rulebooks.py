"""Random rule books and random units: every charge kind, drawn so that most books load."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

import feerules
from random_values import bands, modes, pipes, plainly, prices, rates, values

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
  valley: {decimal: 2, min: 0, max: 9999, unit: kWh, usage: true}
  company_bill: {decimal: 2, min: -9999, max: 9999, unit: CNY, usage: true}
  chosen: {decimal: 4, min: -1, max: 1, default: 0}
  huge: {decimal: 9, min: -1000000000, max: 1000000000}
  entered_at: {datetime: true, min: 2026-01-01, max: 2027-12-31}
  left_at: {datetime: true, min: 2026-01-01, max: 2028-12-31}
  minutes: {integer: true, min: 0, max: 100000}
"""
MORE = """
derived:
  vacant: {formula: 'max(months_between(vacant_since, judged_on), 0)'}
tables:
  grade: {otherwise: 0.5, table: "| floor | value |\\n|---|---|\\n| [1..3] | 1.25 |\\n| > 3 | 2 |"}
"""

units_of_money = st.sampled_from(["0.01", "0.1", "1", "0.05"])


@st.composite
def usage_fees(draw: Any) -> str:
    quantity = draw(st.sampled_from(["used", "used", "'used - 20'", "{fact: used, times: 0.9}"]))
    if draw(st.booleans()):
        return f"per: {quantity}, rate: {draw(rates())}, {draw(changes())}"
    return f"per: {quantity}, tiers: {draw(tiers(('',)))}, {draw(changes())}"


@st.composite
def tiers(draw: Any, columns: tuple[str, ...]) -> str:
    """Bands of every kind; the column named "" is called as the kind calls its price."""
    kind = draw(st.sampled_from(["graduated", "volume", "step", "surcharge", "package"]))
    usual = {"step": "amount", "surcharge": "surcharge"}.get(kind, "rate")
    over = draw(st.sampled_from(OVER))
    told = [f"kind: {kind}, over: {over}, table: {draw(bands(tuple(name or usual for name in columns)))}"]
    if kind == "surcharge":
        told.append(f"base: {draw(values('base'))}")
    if kind == "package":
        told.append("size: 7.5")
    if draw(st.booleans()):
        told.append(draw(st.sampled_from(RAISED)))
    if "year" in over and draw(st.booleans()):
        told.append(draw(st.sampled_from(FIRST_YEAR)))
    return "{" + ", ".join(told) + "}"


OVER = (
    "bill",
    "month",
    "{year_from: 01-01, used_before: used_before}",
    "{year_from: 07-17, used_before: used_before}",
    "{each: year}",
    "{season: {from: 11-15, through: 03-15}, used_before: used_before}",
)
RAISED = (
    "raise_bounds: [{when: {persons: '>= 5'}, by: 30 * (persons - 4)}]",
    "raise_bounds: [{times: '1 + 0.1 * persons'}, {when: {floor: '> 3'}, by: '0 - 15.5'}]",
)
FIRST_YEAR = (
    "prorate_bounds: {since: handover}",
    "prorate_bounds: {since: 2026-03-01, by: days, unit: 0.5, mode: down}",
)


@st.composite
def changes(draw: Any) -> str:
    """Where usage goes at a change, and cycles of usage that are longer than a month, or judged in each."""
    where = draw(st.sampled_from(["by_days", "all_to_the_later", "by_reading"]))
    every = st.sampled_from(
        [
            "every: month",
            "every: month, starts: {fact: handover, before: developer}",
            "every: quarter, rate_per: month",
            "every: quarter, rate_per: month, judged: each_month",
            "every: {months: 2, starts_on: 03-31}, rate_per: cycle, billed: in_arrears, ends: leaves_on",
        ]
    )
    return f"at_a_change: {where}, {draw(every)}"


@st.composite
def register_fees(draw: Any) -> str:
    assign = draw(st.sampled_from(["proportional", "in_order"]))
    bands_of = draw(tiers(("peak", "valley")))
    return (
        f"registers: {{peak: peak, valley: valley}}, assign: {assign}, tiers: {bands_of}, {draw(changes())}"
    )


@st.composite
def fees_of_parts(draw: Any) -> str:
    """A fee by area and by usage, each part with its own price and limits."""
    metered = draw(st.sampled_from(["rate", "tiers", "registers", "pass_through"]))
    usage = {
        "rate": "per: used, rate: 0.16",
        "tiers": f"per: used, tiers: {draw(tiers(('',)))}",
        "registers": f"registers: {{peak: peak, valley: valley}}, tiers: {draw(tiers(('peak', 'valley')))}",
        "pass_through": "pass_through: company_bill",
    }[metered]
    base = f"per: area, rate: {draw(rates())}, minimum: {draw(values('minimum'))}"
    more = (
        f"applies: {{floor: '> 3'}}, rate: {draw(prices)}, maximum: {{amount: {draw(prices)}, whole: true}}"
    )
    return f"parts: {{base: {{{base}}}, usage: {{{usage}}}, more: {{{more}}}}}, {draw(changes())}"


CALENDAR = (
    "month", "quarter", "half_year", "year", "{months: 2}", "{months: 5, starts_on: 03-31}",
    "{cycle: month, starts_on: 01-16}",
)  # fmt: skip


SEASONS = ("{season: {from: 11-15, through: 03-15}}", "{season: {from: 12-01, through: 02-29}}")


@st.composite
def time_fees(draw: Any) -> str:
    cycles = draw(st.sampled_from(["calendar", "calendar", "anniversary", "season"]))
    rules, every = PRORATIONS, draw(st.sampled_from(CALENDAR))
    per_time = draw(st.sampled_from(["month", "quarter", "half_year", "cycle", "year", "day"]))
    if cycles == "anniversary":
        every = draw(
            st.sampled_from(["{cycle: quarter, anniversary_of: handover}", "{anniversary_of: handover}"])
        )
    if cycles == "season":
        rules, every = ("calendar_days", "cycle_days", "none"), draw(st.sampled_from(SEASONS))
        per_time = draw(st.sampled_from(["cycle", "day"]))
    parts = [f"rate: {draw(rates())}, prorate: {draw(st.sampled_from(rules))}"]
    parts.append(f"every: {every}, rate_per: {per_time}")
    parts.append(draw(st.sampled_from(["per: area", "per: area - 0.5 * persons", "kind: charge"])))
    parts.append(draw(st.sampled_from(["billed: in_advance", "billed: in_arrears"])))
    parts.append(draw(st.sampled_from(DUE)))
    if draw(st.booleans()):
        parts.append(
            draw(st.sampled_from(["starts: handover", "starts: {fact: handover, before: developer}"]))
        )
    if draw(st.booleans()):
        parts.append(draw(st.sampled_from(["ends: leaves_on", "ends: {fact: leaves_on, after: tenant}"])))
    if draw(st.booleans()):
        parts.append("judged: each_month")
    if draw(st.booleans()):
        parts.append(draw(st.sampled_from(["ceiling: 60", "ceiling: {rate: 8, beyond: cap}"])))
    return ", ".join(parts)


PRORATIONS = (
    "calendar_days", "thirty_day_months", "half_months", "whole_months", "full_months", "next_month", "days_365",
    "none", "cycle_days", "days_of_year",
)  # fmt: skip
DUE = (
    "due: {day: 31}",
    "issued: {day: 25, months_later: -1}, due: {after: issue, days: 15}",
    "due: {day: 15, of: end, months_later: 1}",
    "due: {after: end}",
)
STAGES = ("month_fraction", "rate", "component", "register", "slice", "month", "fee_line")


@st.composite
def roundings(draw: Any) -> str:
    """Roundings at several stages; a line may be rounded twice."""
    stages = draw(st.lists(st.sampled_from(STAGES), min_size=1, max_size=4, unique=True))
    stages += draw(st.sampled_from([[], ["fee_line"]]))
    told = []
    for stage in stages:
        unit = "0.0001" if stage in ("month_fraction", "rate") else draw(units_of_money)
        told.append(f"{{stage: {stage}, unit: {unit}, mode: {draw(modes)}}}")
    return "[" + ", ".join(told) + "]"


@st.composite
def adjustments(draw: Any, *, by_month: bool) -> str:
    conditions = ["{}", "{floor: '> 3'}", "{type: home}", "{lift: 'null, false'}", "{vacant: '>= 6'}"]
    actions = [
        *("times", "plus", "minus", "at_most", "at_least"),
        "per_unit: {of: persons, above: 3, times: 0.125, at_most: 1}",
        "per_unit: {of: area, above: 90.5, plus: 0.03, started: true}",
        *(
            ["free_months: 0.5", "free_months: 'max(0, 3 - months_between(handover, cycle_start))'"]
            if by_month
            else []
        ),
    ]
    chosen = draw(st.lists(st.tuples(st.sampled_from(conditions), st.sampled_from(actions)), max_size=3))
    told = [(when, each if ":" in each else f"{each}: {draw(values(each))}") for when, each in chosen]
    return "[" + ", ".join(f"{{when: {when}, {action}}}" for when, action in told) + "]"


@st.composite
def visits(draw: Any) -> str:
    """A price by started time, for a stay between two moments or of so many minutes."""
    stay = draw(st.sampled_from(["minutes: minutes", "between: [entered_at, left_at]"]))
    beyond = draw(st.sampled_from(["from_its_end", "from_the_start"]))
    cap = draw(st.sampled_from(["", ", cap: 25", ", cap: contract_rate, cap_per: 12 hours"]))
    price = draw(
        st.one_of(prices.map("rate: {}".format), bands(("rate",)).map("tiers: {{table: {}}}".format))
    )
    quantity = f"{{started: 30 minutes, {stay}, free: 1 hour, beyond_free: {beyond}{cap}}}"
    return f"per: {quantity}, {price}, every: {{use: entered_at}}"


PER_DAY = (
    "every: {use: entered_at}, maximum: {amount: 60, each: 1 day}, parts: {"
    "day: {per: {started: 15 minutes, between: [entered_at, left_at], during: '07:00-21:00', free: 1 hour, cap: 30}, rate: 1.25}, "
    "night: {per: {started: 2 hours, between: [entered_at, left_at], during: '21:00-07:00', free: 1 hour}, rate: 1}}"
)
others = st.sampled_from(
    [
        PER_DAY,
        "rate: 500, kind: deposit, every: {once: handover}",
        "rate: 500, kind: refund, every: {once: leaves_on}",
        "pass_through: company_bill, at_a_change: by_days, every: quarter, judged: each_month",
        "pass_through: contract_rate",
        "per: huge, rate: 0.000001, every: month",
        "per: area, rate: contract_rate, ceiling: {rate: 50, beyond: cap}, kind: refund",
        "per: area, rate: 1.5, ceiling: 60, applies: {type: home}",
        "per: area, tiers: {kind: step, table: "
        + pipes(["up to", "amount"], [["90", "15"], ["above", "20"]])
        + "}",
        "per: persons, rate: 3, payer: {otherwise: problem, table: "
        + pipes(["lift", "payer"], [["null", "owner"], ["true", "tenant"]])
        + "}",
    ]
)


@st.composite
def fees(draw: Any) -> str:
    body = draw(st.one_of(time_fees(), usage_fees(), register_fees(), fees_of_parts(), visits(), others))
    by_month = not any(word in body for word in ("season: {", "once:", "use:"))
    more = [body, f"adjustments: {draw(adjustments(by_month=by_month))}"]
    if draw(st.booleans()):
        more.append(f"rounding: {draw(roundings())}")
    if draw(st.booleans()):
        rate = draw(
            st.sampled_from(
                [
                    "0.06",
                    "0.125%",
                    "{hit: first, table: " + pipes(["type", "rate"], [["bay", "9%"], ["-", "6%"]]) + "}",
                ]
            )
        )
        more.append(f"tax: {{rate: {rate}, included: {draw(st.sampled_from(['true', 'false']))}}}")
    if draw(st.booleans()):
        more.append(f"minimum: {draw(values('minimum'))}")
    if "maximum: {amount: 60, each" not in body and draw(st.booleans()):
        more.append(f"maximum: {{amount: {draw(prices)}, whole: true}}")
    return "{" + ", ".join(more) + "}"


@st.composite
def books(draw: Any, most: int = 3) -> dict[str, str]:
    """The files of a book: one schedule of so many fees, sometimes with a second version inside the period."""
    versions = {"first.yaml": "2020-01-01"}
    if draw(st.booleans()):
        versions["second.yaml"] = draw(st.dates(date(2026, 1, 2), date(2026, 12, 30))).isoformat()
    count = draw(st.integers(1, most))
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
        f"{MORE.lstrip()}"
        f"{bill}fees:\n" + "\n".join(lines) + "\n"
    )


def loaded(files: dict[str, str], period: str, *, dated: bool = False, accrue: bool = False) -> feerules.Book:
    """The book; a draw whose numbers would pass 38 digits is refused as it should be, and drawn again."""
    try:
        book = feerules.load_files(files)
        book.plan(feerules.Period.parse(period), dated=dated, accrue=accrue)
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
    "valley": dirty(decimals(2, 9999)),
    "company_bill": dirty(decimals(2, 9999, -9999)),
    "chosen": dirty(st.one_of(st.none(), decimals(4, 1, -1), st.just("0.05"))),
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


# A year of three fees in two versions is a plan of six thousand expressions: seconds, and what one fee shows already.
YEAR = "2026"
SHORT = ["2026-11", "2026-02", "2026-Q1", "2026-01-16/2026-03-20", "2026-12", "2024-02"]
periods = st.sampled_from([*SHORT, YEAR])


@st.composite
def priced(draw: Any, count: int = 1) -> tuple[list[dict[str, str]], str]:
    """So many books, and a period to price by each of them: a year only where each has one fee."""
    period = draw(periods)
    return [draw(books(1 if period == YEAR else 3)) for _ in range(count)], period
