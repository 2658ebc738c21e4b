"""What the columns of answers are called, for those who read them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from feerules.wording import sentence

__all__ = ["COLUMNS"]

COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        # Bill lines
        "charge_id": sentence("Charge id"),
        "payer_id": sentence("Payer id"),
        "payer": sentence("Payer"),
        "period_start": sentence("From"),
        "period_end": sentence("Up to, not including"),
        "issued_on": sentence("Issued on"),
        "due_on": sentence("Due on"),
        "quantity": sentence("Quantity"),
        "unit": sentence("Unit of measure"),
        "rate": sentence("Unit rate"),
        "factor": sentence("Factor"),
        "net": sentence("Net"),
        "tax_rate": sentence("Tax rate"),
        "tax": sentence("Tax"),
        "amount": sentence("Amount of money"),
        "total": sentence("Total"),
        "document": sentence("Document"),
        "version": sentence("Version"),
        "table_row": sentence("Row of the table"),
        "where": sentence("In the file"),
        "source": sentence("Source"),
        "corrects_charge_id": sentence("Corrects"),
        # Problems
        "frame": sentence("Frame"),
        "row_id": sentence("Row"),
        "fact": sentence("Fact"),
        "value": sentence("Value"),
        "code": sentence("Code"),
        "reason": sentence("Why"),
        "count": sentence("Number"),
        "side": sentence("By which rules"),
        # Reconciliation
        "ours": sentence("Ours"),
        "difference": sentence("Difference"),
        "state": sentence("State"),
        "cause": sentence("Cause"),
        # Actions
        "party_id": sentence("Party"),
        "decision": sentence("Decision"),
        "step_id": sentence("Step of the ladder"),
        "channel": sentence("Channel"),
        "fallback": sentence("If not delivered"),
        "audience": sentence("Audience"),
        "not_before": sentence("Not before"),
        "not_after": sentence("Not after"),
        "until": sentence("Until"),
        "reasons": sentence("Reasons"),
        "role": sentence("Role"),
        "needs_approval": sentence("Approval"),
        "legal": sentence("Legal step"),
        "next_review_on": sentence("Next review"),
        "class": sentence("Class"),
        "title_zh": sentence("Title"),
        "title_en": sentence("Title"),
        "stop": sentence("Stop"),
        "policy": sentence("Policy"),
        # Comparisons
        "units": sentence("Units"),
        "more": sentence("Pay more"),
        "less": sentence("Pay less"),
        "same": sentence("Pay the same"),
        "old": sentence("Old rules"),
        "new": sentence("New rules"),
        "change": sentence("Change"),
        "raised": sentence("Raised"),
        "lowered": sentence("Lowered"),
    }
)
