"""The closed words of a ledger's entries."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["CLOSING", "CONTACTS", "EVENTS", "KINDS", "OWED", "REDUCED", "STANDING", "STATUSES", "TELLING"]

# Charges that ask for money; those that reduce others, and the columns in which that is told.
OWED = ("charge", "late_fee", "deposit")
REDUCED: Mapping[str, str] = MappingProxyType(
    {"credit": "credited", "waiver": "waived", "write_off": "written_off"}
)
KINDS = (*OWED, *REDUCED, "refund")

STATUSES = ("in_transit", "cleared", "reversed")

EVENTS = (
    *("contact", "demand", "promise", "plan", "dispute", "hardship", "death", "hold", "pause"),
    *("court", "approval", "acknowledgement", "action"),
)
CLOSING = ("closed", "ended", "resolved", "cancelled")
CONTACTS = ("contact", "demand")
# These tell why nobody pays as long as they are open, with a reason or without; the next only if they name one.
STANDING = ("dispute", "hardship", "death", "hold")
TELLING = ("contact", "promise")
