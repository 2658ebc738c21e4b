"""A sender, an owner and what is owed: what the tests of notices share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import feerules

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).parent / "data" / "notices"
LOCALES = ("zh_CN", "en")

SENDER: dict[str, Any] = {
    "name": {"zh": "花园物业服务有限公司", "en": "Garden Property Services"},
    "payee": "花园物业服务有限公司",
    "bank": {"zh": "示例银行花园支行", "en": "Sample Bank, Garden branch"},
    "account": "0200 0000 0000 0000 000",
    "hotline": "010-5555 0100",
    "address": {"zh": "3号楼一层物业服务中心", "en": "Service centre, building 3"},
    "hours": "9:00–17:00",
    "ways": [{"zh": "微信", "en": "WeChat Pay"}, {"zh": "支付宝", "en": "Alipay"}],
    "complaints": {"zh": "12345、12315", "en": "12345, 12315"},
    "signature": "花园物业",
}
OWNER = {
    "name": {"zh": "张三", "en": "Mr Zhang"},
    "unit": {"zh": "3栋2单元501室", "en": "Building 3, entrance 2, 501"},
}
HOME = {
    "unit_id": "3-2-501", "account_id": "A-501", "kind": "home", "area": "89.50", "floor": 5, "lift": True,
    "handover": "2020-05-01",
}  # fmt: skip
ESTATE = feerules.load(ROOT / "rules" / "sample-estate")
POLICY = feerules.load(ROOT / "rules" / "dunning" / "standard-cn.yaml")


def a_bill(period: str = "2026-11", **facts: Any) -> feerules.Bill:
    return feerules.price(HOME | facts, ESTATE.only("sample-estate"), period)


def a_debtor(**more: Any) -> feerules.Account:
    """An account that owes for four months, of which one is paid in part, and that was reminded."""
    charges = [
        {
            "charge_id": f"C-{month}", "unit_id": "3-2-501", "fee": "management",
            "period_start": f"2026-0{month}-01", "period_end": f"2026-0{month + 1}-01",
            "due_on": f"2026-0{month}-15", "amount": "250.60",
        }
        for month in range(1, 5)
    ]  # fmt: skip
    reminder = {
        "event_id": "E-1", "type": "contact", "step_id": "reminder", "channel": "sms", "delivered": True,
        "outcome": "connected", "effective_on": "2026-06-01",
    }  # fmt: skip
    paid = {"payment_id": "P-1", "amount": "100.00", "effective_on": "2026-02-20"}
    told: dict[str, Any] = {"charges": charges, "payments": [paid], "events": [reminder]} | more
    return feerules.Account.model_validate({"account_id": "A-501"} | told)


def an_act(policy: feerules.Book = POLICY, as_of: str = "2026-07-10", **more: Any) -> feerules.Act:
    decision = feerules.next_action(a_debtor(**more), policy, as_of)
    assert isinstance(decision, feerules.Act)
    return decision


def a_policy(step: str) -> feerules.Book:
    """A policy of one step, which is due at once."""
    head = "kind: dunning-policy\nid: one-step\neffective: {from: 2026-01-01}\nladder:\n  steps:\n"
    return feerules.load_files({"policy.yaml": f"{head}    - {{id: press, gap: 5 days, {step}}}\n"})


def same_as(file: str, text: str) -> None:
    """Holds a text to the file word for word."""
    assert text == (DATA / file).read_text(encoding="utf-8")
