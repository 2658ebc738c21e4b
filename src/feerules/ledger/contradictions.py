"""What can be contradictory about an account, and what is worth a look: the codes, with what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["CONTRADICTIONS", "WARNINGS"]

CONTRADICTIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "duplicate_id": (
            "编号重复",
            "two entries of a sort have one id, and are no log of one thing; the first by day counts",
        ),
        "other_account": ("属于其他账户", "the entry is of another account"),
        "other_currency": ("币种不同", "the entry, or the account itself, is in another currency"),
        "negative_amount": ("金额为负", "what is owed, paid, allocated or promised cannot be below zero"),
        "unknown_charge": ("应收编号不存在", "the entry names a charge that the account does not have"),
        "unknown_payment": ("付款编号不存在", "the entry names a payment that the account does not have"),
        "reverses_a_reversal": ("冲销了冲销", "a reversal reverses another reversal"),
        "reversal_differs": ("冲销金额不符", "a reversal has another amount than its payment"),
        "allocation_over_payment": ("分配超过付款", "more was allocated than was paid"),
        "allocation_over_charge": ("分配超过应收", "more was allocated than was charged"),
        "nothing_to_waive": ("减免或核销超过欠费", "more was waived or written off than was open"),
        "refund_over_credit": ("退款超过余额", "more was paid back than there was credit"),
        "promise_without_day": ("承诺未定日期", "a promise without promised_on"),
        "plan_without_amount": ("分期未定金额", "a plan without the amount of an instalment"),
        "plan_without_frequency": ("分期未定周期", "a plan without frequency"),
        "hold_without_end": (
            "暂缓未定期限",
            "a hold without review_on and without ends_on; it holds all the same",
        ),
        "ends_before_start": ("结束早于开始", "an event that ends before its effective day"),
    }
)
"""By code, in Chinese and English. What is contradictory is left out of sums, and a person must look."""

WARNINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "stray_credit": ("有欠费却有未分配余额", "there is credit while charges are open"),
        "payment_before_any_charge": ("付款早于首笔应收", "money came in before anything was charged"),
    }
)
