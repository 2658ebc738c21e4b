"""The columns of reports as people call them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from feerules.frames import into_lazy
from feerules.wording import Wording, sentence, translate

__all__ = ["HEADINGS", "heading", "titled"]

BAND = re.compile(r"bucket_([0-9]+)_([0-9]+)")
OVER = re.compile(r"bucket_over_([0-9]+)")

HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "estate_id": sentence("Estate"),
        "building_id": sentence("Building"),
        "account_id": sentence("Account"),
        "unit_id": sentence("Unit"),
        "fee": sentence("Fee"),
        "kind": sentence("Kind"),
        "charge_year": sentence("Charge year"),
        "charge_month": sentence("Charge month"),
        "currency": sentence("Currency"),
        "opening": sentence("Opening"),
        "billed": sentence("Billed"),
        "received": sentence("Received"),
        "credited": sentence("Credited"),
        "waived": sentence("Waived"),
        "written_off": sentence("Written off"),
        "closing": sentence("Closing"),
        "held_opening": sentence("Held at opening"),
        "refunded": sentence("Refunded"),
        "held_closing": sentence("Held at closing"),
        "applied": sentence("Applied"),
        "base": sentence("Base"),
        "as_of": sentence("As of"),
        "numerator": sentence("Numerator"),
        "denominator": sentence("Denominator"),
        "rate": sentence("Rate"),
        "open": sentence("Open"),
        "not_overdue": sentence("Not overdue"),
        "amount": sentence("Amount in arrears"),
        "charges": sentence("Charges"),
        "periods": sentence("Periods"),
        "oldest_due_on": sentence("Oldest due on"),
        "days_overdue": sentence("Days overdue"),
        "first_period_start": sentence("Periods from"),
        "last_period_end": sentence("Periods until"),
        "reason_type": sentence("Reason type"),
        "reason": sentence("Reason"),
        "reason_on": sentence("Reason told on"),
        "last_contact_on": sentence("Last contact on"),
        "last_channel": sentence("Last channel"),
        "last_outcome": sentence("Last outcome"),
        "last_payment_on": sentence("Last payment on"),
        "collector_id": sentence("Collector"),
        "accounts": sentence("Accounts"),
        "parties": sentence("Parties"),
        "places": sentence("Places"),
        "minutes": sentence("Minutes"),
    }
)


def titled(frame: Any, locale: str) -> Any:
    """See `feerules.titles`."""
    words = translate(locale)
    lazy, back = into_lazy(frame)
    return back(lazy.rename({name: heading(name, words) for name in lazy.collect_schema()}))


def heading(name: str, words: Wording) -> str:
    """The title of one column; its own name where it has none."""
    if band := BAND.fullmatch(name):
        return words.text("{first} to {last} days overdue", first=band[1], last=band[2])
    if over := OVER.fullmatch(name):
        return words.text("Over {days} days overdue", days=over[1])
    return words.text(HEADINGS[name]) if name in HEADINGS else name
