"""Why a record cannot be answered: one sentence for each problem code, the same for every engine."""

from __future__ import annotations

from feerules.money import from_scaled
from feerules.periods import from_day_number
from feerules.plan.nodes import Leaf, Plan
from feerules.wording import translate

__all__ = ["CODES", "reason", "reasons_of"]

CODES = {
    "missing": "no value, and one is needed",
    "wrong_type": "not {kind}",
    "imprecise": "more than {places} decimal places",
    "out_of_domain": "outside {lo} to {hi}",
    "unknown_value": "none of {words}",
    "no_row": "no row of the table matches, and the schedule calls that a problem",
    "no_schedule": "no schedule of the book applies to this unit in this period",
    "no_policy": "no dunning policy of the book applies to this account",
    "policy_claimed_twice": "more than one dunning policy of the book applies to this account",
    "fee_claimed_twice": "two schedules of the book charge this fee for the same day",
    "above_ceiling": "the rate is above the ceiling",
    "float_out_of_range": "the float chosen is outside what the schedule permits",
    "division_by_zero": "the formula divides by a number that is not positive",
    "below_zero": "tiers and shares count from 0 up, and this is below 0",
    "ends_before_start": "it ends before it starts",
    "no_reading_at_change": "usage is split by reading, and no reading stands at the change of price or year",
    "bill_rounding": "the bill's total is rounded, and the unit's facts change: give one record without dates",
    "other_period": "the statement was not written for this period",
    "other_known_at": "the position rests on what was known by another day than the one asked about",
    "duplicate_key": "the key occurs more than once, without valid_from",
    "overlapping_rows": "two rows of this unit hold on the same day",
    "null_key": "no key",
    "no_account": "nothing tells whose it is",
    "repeated_pool": "the same pool is given more than once",
    "empty_pool": "no unit shares this pool, so that its amount would be lost",
    "duplicate_id": "the id occurs more than once",
    "unknown_charge": "no charge of this id is owed",
    "unknown_payment": "there is no payment of this id",
    "other_currency": "it is in another currency than the charge",
    "allocated_over_charge": "more is allocated to the charge than was open",
    "allocated_over_payment": "more of the payment is allocated than was paid",
    "nothing_to_waive": "more is waived or written off than was open",
}

READING = ("missing", "wrong_type", "imprecise", "out_of_domain", "unknown_value")
_KINDS = {
    "decimal": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "date": "a date such as 2026-01-31",
    "datetime": "a minute such as 2026-01-31T08:30",
    "choice": "a word",
    "text": "a text",
}


def reason(code: str, leaf: Leaf | None = None, locale: str = "en") -> str:
    """The sentence for a code and the fact that it is about; the English one never changes with the catalogs."""
    english = CODES[code]
    if leaf is not None:
        english = english.format(
            kind=_KINDS[leaf.kind],
            places=leaf.places,
            lo=_told(leaf, leaf.lo),
            hi=_told(leaf, leaf.hi),
            words=", ".join(leaf.codes[:8]) + (" …" if len(leaf.codes) > 8 else ""),
        )
    return english if locale == "en" else translate(locale).retold(english, code)


def _told(leaf: Leaf, value: int) -> str:
    """An encoded bound as a person would write it."""
    if leaf.kind == "date":
        return from_day_number(value).isoformat()
    if leaf.kind == "datetime":
        day, minute = divmod(value, 1440)
        return f"{from_day_number(day)}T{minute // 60:02}:{minute % 60:02}"
    return format(from_scaled(value, leaf.places), "f")


def reasons_of(plan: Plan) -> dict[str, str]:
    """The sentence for each problem that a plan can tell of, by its code, a bar and the fact that it is about."""
    judged = [(guard.code, guard.fact, guard.ok is None) for guard in plan.guards]
    told: dict[str, str] = {}
    for code, leaf, reading in [*judged, *(("unreadable", leaf, True) for leaf in plan.leaves)]:
        name = "" if leaf is None else leaf.name
        told |= {f"{each}|{name}": reason(each, leaf) for each in (READING if reading else (code,))}
    return told
