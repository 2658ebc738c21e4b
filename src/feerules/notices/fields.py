"""The names that a template may use: those of every notice, and the data of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["DEBTOR_FIELDS", "FIELDS", "LAYOUT", "fields_of"]

# The parts of a notice in words, from the top to the bottom; the same for every kind.
LAYOUT: Final = (
    "title", "draft", "greeting", "facts", "opening", "tables", "totals", "closing", "payment_title", "payment",
    "basis", "sender", "seal", "day", "sms", "lang", "locale", "kind", "colon", "landscape", "paper",
)  # fmt: skip
# The data of each kind. Money and days are written as the locale writes them; in `Notice.fields` they are data.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "fee_notice": (
            "account_id", "unit_id", "recipient", "payer", "payer_id", "period_start", "period_last", "lines",
            "total", "capital", "due_on", "currency",
        ),
        "payment_notice": (
            "account_id", "unit_id", "recipient", "as_of", "charges", "overdue", "capital", "late_fee", "credit",
            "days_overdue", "oldest_due_on", "unpaid_periods", "pay_by", "currency",
        ),
        "demand": (
            "account_id", "unit_id", "recipient", "as_of", "step", "charges", "amount", "capital", "late_fee", "fee",
            "pay_by", "period", "consequences", "local_rule", "days_overdue", "oldest_due_on", "currency",
        ),
        "price_table": ("documents", "prices", "as_of"),
        "reminder": ("units", "local_rule"),
    }
)  # fmt: skip
# Everything that tells of one debtor; nothing of it stands where others read.
DEBTOR_FIELDS: Final = frozenset(
    name for kind in ("fee_notice", "payment_notice", "demand") for name in FIELDS[kind]
) - {"as_of"}


def fields_of(kind: str) -> tuple[str, ...]:
    return (*FIELDS[kind], *LAYOUT)
