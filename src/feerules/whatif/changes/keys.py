"""The keys of rules: how people call them, whether they move amounts, and which codes their changes have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from feerules.documents.charging import (
    Every,
    FactQuantity,
    FeesQuantity,
    Liability,
    Over,
    ProrateBounds,
    Rounding,
    Season,
)
from feerules.documents.law import LawBasis
from feerules.documents.policy import After, Channel, Escalation, ParameterRate
from feerules.documents.reactions import Happening
from feerules.documents.values import FactValue
from feerules.wording import sentence

__all__ = ["ATOMS", "LABELS", "ORDERED", "SINGULAR", "UNITS", "WHOLE", "Kind", "kind_of", "label_of"]

Kind = Literal["amount", "condition", "words"]

# Parts that are told as one value, as rules have it.
ATOMS = (
    Every, FactQuantity, FeesQuantity, FactValue, Liability, Over, ProrateBounds, Rounding, Season,
    After, Channel, Escalation, ParameterRate, Happening, LawBasis,
)  # fmt: skip

# What a member of a list or mapping is called in codes: adjustments → adjustment_added.
SINGULAR: Mapping[str, str] = {
    "acts": "act",
    "adjustments": "adjustment",
    "buckets": "bucket",
    "class_titles": "class_title",
    "classes": "class",
    "facts": "fact",
    "fees": "fee",
    "parameters": "parameter",
    "parts": "part",
    "raise_bounds": "raise_bounds",
    "reactions": "reaction",
    "registers": "register",
    "steps": "step",
    "stops": "stop",
    "sum": "component",
    "tables": "table",
    "tests": "test",
}

# Lists whose order says something; of all others it says nothing.
ORDERED = frozenset(
    (
        "adjustments",
        "raise_bounds",
        "rounding",
        "stops",
        "steps",
        "channels",
        "fees_first",
        "then",
        "priority",
        "between",
    )
)

# What is told under one code, whichever of its keys changes.
WHOLE = frozenset(("source", "publication"))

UNITS: Mapping[str, str] = {
    **dict.fromkeys(
        ("gap", "grace", "in_force", "period", "review", "demand_period", "promise", "plan", "until", "within"), "days"
    ),
    **dict.fromkeys(("started", "free", "cap_per", "each"), "minutes"),
    "years": "years",
}

_WORDS = frozenset(
    ("title", "note", "source", "publication", "class_titles", "version", "template", "printed")
)
_AMOUNTS = frozenset(
    (
        "rate", "rate_per", "per", "tiers", "registers", "assign", "pass_through", "share", "otherwise", "ceiling",
        "minimum", "maximum", "parts", "prorate", "at_a_change", "adjustments", "rounding", "tax", "bill", "currency",
        "parameters", "derived", "tables", "default", "late_fee", "fee", "amount", "float", "base",
    )
)  # fmt: skip

_CONDITIONS = frozenset(("applies", "when", "any", "until"))

LABELS: Mapping[str, str] = {
    "address": sentence("address"),
    "announced": sentence("announced on"),
    "approved_by": sentence("approved by"),
    "choice": sentence("values"),
    "clause": sentence("clause"),
    "confidence": sentence("confidence"),
    "boolean": sentence("true or false"),
    "date": sentence("day"),
    "datetime": sentence("minute of a day"),
    "decimal": sentence("decimal places"),
    "integer": sentence("a whole number"),
    "text": sentence("a text"),
    "decided_on": sentence("decided on"),
    "optional": sentence("may be without a value"),
    "posted_at": sentence("posted at"),
    "published": sentence("published on"),
    "adjustments": sentence("adjustment"),
    "after": sentence("after which step"),
    "after_grace": sentence("from when after the grace"),
    "age_from": sentence("from when a debt ages"),
    "aliases": sentence("other names"),
    "allocate": sentence("order in which money is applied"),
    "among": sentence("shared among"),
    "amount": sentence("amount"),
    "announces": sentence("consequences announced"),
    "any": sentence("any of these conditions"),
    "applies": sentence("for whom"),
    "approval": sentence("approval by"),
    "approved": sentence("outcomes that approve"),
    "assign": sentence("how tiers meet registers"),
    "at_a_change": sentence("usage at a change"),
    "at_least": sentence("at least"),
    "at_most": sentence("at most"),
    "attempts": sentence("attempts"),
    "away": sentence("outcomes that mean away"),
    "backwards": sentence("days before a step"),
    "base": sentence("base price"),
    "between": sentence("between"),
    "beyond": sentence("beyond the ceiling"),
    "beyond_free": sentence("beyond the free time"),
    "bill": sentence("rounding of the bill"),
    "billed": sentence("when it is billed"),
    "buckets": sentence("ageing bucket"),
    "by": sentence("who decides"),
    "cap": sentence("most it can be"),
    "cap_per": sentence("time of the cap"),
    "category": sentence("category"),
    "ceiling": sentence("ceiling"),
    "channels": sentence("channels"),
    "class_titles": sentence("title of the class"),
    "classes": sentence("class"),
    "connected": sentence("contacts that reach someone"),
    "credit": sentence("unused money"),
    "currency": sentence("currency"),
    "daily": sentence("sum for each day"),
    "day": sentence("day"),
    "days": sentence("days"),
    "default": sentence("value where none is given"),
    "defaults": sentence("what holds for all fees"),
    "demand_period": sentence("days that a demand gives"),
    "derived": sentence("derived fact"),
    "disputed": sentence("disputed charges left alone"),
    "due": sentence("due day"),
    "during": sentence("hours that count"),
    "each": sentence("for each"),
    "ends": sentence("end of liability"),
    "escalate": sentence("who takes over"),
    "every": sentence("how often"),
    "exclude": sentence("charges left alone"),
    "facts": sentence("fact"),
    "fee": sentence("cost to the debtor"),
    "fees": sentence("fees"),
    "fees_first": sentence("fees paid first"),
    "flat": sentence("fixed sum"),
    "float": sentence("float"),
    "formula": sentence("formula"),
    "free": sentence("free time"),
    "free_months": sentence("free months"),
    "gap": sentence("gap"),
    "gap_by": sentence("how the gap counts"),
    "grace": sentence("grace"),
    "held": sentence("held charges left alone"),
    "hit": sentence("which row decides"),
    "holiday": sentence("holiday"),
    "in_force": sentence("how long it stays in force"),
    "in_turn": sentence("channels in turn"),
    "included": sentence("tax included in the price"),
    "issued": sentence("issue day"),
    "judged": sentence("when conditions are judged"),
    "kind": sentence("kind"),
    "kinds": sentence("kinds of charges"),
    "ladder": sentence("ladder"),
    "late_fee": sentence("late fee"),
    "ledger": sentence("ledger"),
    "legal": sentence("legal step"),
    "lets_through": sentence("steps let through"),
    "limitation": sentence("limitation"),
    "limits": sentence("limits"),
    "max": sentence("largest value"),
    "maximum": sentence("maximum"),
    "min": sentence("smallest value"),
    "minimum": sentence("minimum"),
    "minus": sentence("deduction"),
    "minutes": sentence("minutes"),
    "mode": sentence("rounding mode"),
    "months_later": sentence("months later"),
    "must_be": sentence("must be"),
    "next_day": sentence("the next day"),
    "note": sentence("remark"),
    "of": sentence("of what"),
    "on": sentence("fees that bear it"),
    "order": sentence("order"),
    "otherwise": sentence("where no row matches"),
    "outcomes": sentence("words for outcomes"),
    "parameters": sentence("parameter"),
    "parts": sentence("part"),
    "pass_through": sentence("amount passed on"),
    "payer": sentence("payer"),
    "per": sentence("quantity"),
    "per_unit": sentence("for each unit"),
    "period": sentence("days to pay"),
    "places": sentence("places"),
    "plan": sentence("late instalments of a plan"),
    "plus": sentence("addition"),
    "priority": sentence("order of outputs"),
    "promise": sentence("late promises"),
    "prorate": sentence("parts of a cycle"),
    "prorate_bounds": sentence("bounds in the first year"),
    "publication": sentence("publication"),
    "quiet": sentence("quiet hours"),
    "raise_bounds": sentence("raised bounds"),
    "rate": sentence("rate"),
    "rate_per": sentence("time that the rate is for"),
    "rate_per_year": sentence("most in a year"),
    "refused": sentence("outcomes that mean refused"),
    "registers": sentence("register"),
    "restart": sentence("new debts"),
    "review": sentence("looked at again after"),
    "role": sentence("who does it"),
    "roll": sentence("moved to"),
    "rounding": sentence("rounding"),
    "separate": sentence("each instalment by itself"),
    "share": sentence("share of a common cost"),
    "share_of_principal": sentence("share of the principal"),
    "size": sentence("size of a package"),
    "source": sentence("source"),
    "stale_after": sentence("when a ledger is stale"),
    "started": sentence("started unit of time"),
    "starts": sentence("start of liability"),
    "steps": sentence("step"),
    "stops": sentence("stop"),
    "sum": sentence("component"),
    "tables": sentence("table"),
    "tags": sentence("tags"),
    "target": sentence("target"),
    "tax": sentence("tax"),
    "template": sentence("message"),
    "then": sentence("what is done"),
    "tiers": sentence("tiers"),
    "times": sentence("factor"),
    "title": sentence("title"),
    "tolerance": sentence("tolerance"),
    "unit": sentence("unit of measure"),
    "unknown_year": sentence("years that the calendar does not know"),
    "unreachable": sentence("outcomes that mean unreachable"),
    "until": sentence("until when"),
    "up": sentence("permitted upwards"),
    "down": sentence("permitted downwards"),
    "above": sentence("above what"),
    "usage": sentence("measured by use"),
    "value": sentence("value"),
    "version": sentence("name of the version"),
    "week": sentence("week"),
    "weekend": sentence("weekend"),
    "when": sentence("condition"),
    "whole": sentence("in full for parts"),
    "windows": sentence("hours of contact"),
    "words": sentence("other spellings"),
    "workday": sentence("workday"),
    "years": sentence("length"),
    "over": sentence("what tiers count over"),
    "holidays": sentence("holidays of the calendar"),
    "workdays": sentence("make-up workdays of the calendar"),
    "calendar_years": sentence("years of the calendar"),
    "mapping": sentence("column of the fact"),
    "in_force_days": sentence("days on which it holds"),
    "document": sentence("document"),
    "due.after": sentence("days after"),
    "issued.after": sentence("days after"),
    "late_fee.per": sentence("time that the rate is for"),
    "limits.per": sentence("counted for"),
    "raise_bounds.by": sentence("added to each bound"),
    "share.by": sentence("weight"),
    "within_a_debt": sentence("order within a debt"),
    "due.day": sentence("day of the month"),
    "issued.day": sentence("day of the month"),
    "late_fee.rate": sentence("interest rate"),
    "limits.day": sentence("in a day"),
    "limits.week": sentence("in a week"),
    "pursued_from": sentence("smallest sum that is pursued"),
    "fee_whole": sentence("the whole fee"),
    "does": sentence("what it does"),
    "shows": sentence("what it shows"),
    "printed": sentence("printed total"),
    "law_profile": sentence("law profile"),
    "acts": sentence("act"),
    "acts.words": sentence("words that betray it"),
    "as_of": sentence("law as of"),
    "basis": sentence("legal basis"),
    "but": sentence("texts that mean something else"),
    "extends": sentence("profile that it extends"),
    "hint": sentence("hint"),
    "jurisdiction": sentence("jurisdiction"),
    "least": sentence("the least allowed"),
    "level": sentence("severity"),
    "most": sentence("the most allowed"),
    "needs": sentence("what must have gone before"),
    "rates": sentence("rates that are lawful"),
    "tests": sentence("test"),
    "tests.words": sentence("words that it looks for"),
    "channel": sentence("channel"),
    "comes": sentence("what follows"),
    "count": sentence("what is counted"),
    "delivered": sentence("whether it was delivered"),
    "event": sentence("what happens"),
    "method": sentence("way of payment"),
    "outcome": sentence("outcome"),
    "reached": sentence("whether it reached anybody"),
    "reactions": sentence("reaction"),
    "reason": sentence("reason"),
    "step": sentence("step"),
    "step_id": sentence("step"),
    "to": sentence("who is told"),
    "unless": sentence("what ends the wait"),
    "when.after": sentence("after what"),
    "within": sentence("within"),
    "without": sentence("what does not follow"),
}


def label_of(keys: tuple[str, ...]) -> str:
    """The message that names the last of some keys, below those before it; "" for one that has none."""
    return LABELS.get(".".join(keys[-2:])) or LABELS.get(keys[-1], "")


def kind_of(path: tuple[str, ...]) -> Kind:
    """What a change below these keys is about, by the innermost that says so."""
    if path[0] == "reactions" and _WORDS.isdisjoint(path):
        return "condition"  # whatever it asks of amounts and fees, it moves none
    if not _WORDS.isdisjoint(path) or (path[-1] == "unit" and path[0] in ("facts", "derived")):
        return "words"
    for key in reversed(path):
        if key in _AMOUNTS | _CONDITIONS:
            return "amount" if key in _AMOUNTS else "condition"
    return "condition"
