"""Reductions for vacant units that reach the units of a developer, who pays in full for what is not sold or handed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from feerules.checks.findings import Finding
from feerules.checks.profiles import Law, titled, under
from feerules.checks.valuation import constant, excluded
from feerules.documents.charging import Adjustment
from feerules.documents.schedule import Fee
from feerules.documents.values import TableValue
from feerules.plan.lines import Version
from feerules.plan.names import Names
from feerules.wording import sentence

__all__ = ["check_vacancy"]

# What tells the units of a developer from others, in the name or title of a fact.
OF_SALES = (
    "sold",
    "sale",
    "handover",
    "handed",
    "developer",
    "owner",
    "售",
    "交付",
    "交房",
    "开发",
    "建设单位",
    "业主",
)


def check_vacancy(fee_id: str, fee: Fee, version: Version, law: Law) -> Iterator[Finding]:
    """Who built a unit and has not sold it pays for it in full."""
    words = law.tests["developer_vacancy"].rule.words if "developer_vacancy" in law.tests else ()
    names, around = version.names, (*version.schedule.applies, *fee.applies)
    for rule in fee.adjustments if words else ():
        asked = _behind(rule.when, names)
        vacant = next((name for name in asked if _is_called(name, words, names)), None)
        days = {each.fact for each in (fee.starts, fee.ends) if each is not None}
        told_apart = any(
            name in days or _is_called(name, OF_SALES, names)
            for name in _behind((*rule.when, *around), names)
        )
        if vacant is None or told_apart or not _lowers(rule, names) or not _reaches(rule, fee, names):
            continue
        yield from under(
            law, "developer_vacancy", rule.where,
            sentence("{fee} is reduced for vacant units, also on the days that the developer pays"),
            sentence("ask in when: whether the unit is sold and handed over, or count the vacancy from the handover on"),
            fee=titled(fee, fee_id),
        )  # fmt: skip


def _behind(cells: Iterable[str], names: Names) -> list[str]:
    """The facts that conditions ask, also by way of derived facts."""
    found, waiting = dict[str, None](), list(cells)
    while waiting:
        name = names.aliases.get(waiting[0], waiting.pop(0))
        if name not in found:
            found[name] = None
            waiting += sorted(names.derived[name].formula.names()) if name in names.derived else ()
    return [*found]


def _is_called(name: str, words: Iterable[str], names: Names) -> bool:
    fact = names.facts.get(name) or names.derived.get(name)
    title = titled(fact, "")
    said = " ".join((name, title["zh"], title["en"], *getattr(fact, "aliases", ()))).lower()
    return any(word in said for word in words)


def _lowers(rule: Adjustment, names: Names) -> bool:
    """Whether an adjustment may take something away."""
    times = constant(rule.times, names)
    if rule.times is not None and (times is None or times < 1):
        return True
    return any(each is not None for each in (rule.minus, rule.at_most, rule.free_months))


def _reaches(rule: Adjustment, fee: Fee, names: Names) -> bool:
    """Whether the developer pays some days of a fee on which an adjustment may hold."""
    by_days = (fee.starts is not None and fee.starts.before, fee.ends is not None and fee.ends.after)
    if "developer" in (*by_days, fee.payer):
        return True
    rows = _rows_of_developers(fee.payer) if isinstance(fee.payer, TableValue) else ()
    return any(excluded(names, rule.when, cells) is None for cells in rows)


def _rows_of_developers(payers: TableValue) -> Iterator[Mapping[str, str]]:
    """The conditions of the rows that say developer."""
    header, rows = (payers.table.header, payers.table.rows) if payers.table is not None else ((), ())
    for row in rows:
        if "developer" in row.cells:
            yield {head.name: cell for head, cell in zip(header, row.cells, strict=True)}
