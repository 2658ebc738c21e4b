"""One account: what it owes, what kind of arrears that is, and what is done next, with every reason."""

from __future__ import annotations

from pathlib import Path

import feerules

RULES = Path(__file__).parents[1] / "rules" / "dunning" / "standard-cn.yaml"

ACCOUNT = {
    "account_id": "A-501",
    "charges": [
        {"charge_id": "C-09", "fee": "management", "due_on": "2026-09-10", "amount": "250.60"},
        {"charge_id": "C-10", "fee": "management", "due_on": "2026-10-10", "amount": "250.60"},
    ],
    "payments": [{"payment_id": "P-1", "effective_on": "2026-10-02", "amount": "100.00"}],
    "events": [
        {"event_id": "E-1", "type": "contact", "step_id": "reminder", "channel": "wechat", "delivered": True,
         "effective_on": "2026-09-14"},
        {"event_id": "E-2", "type": "promise", "effective_on": "2026-11-05", "promised_on": "2026-11-12"},
    ],
}  # fmt: skip


def main() -> None:
    book = feerules.load(RULES)
    account = feerules.Account.model_validate(ACCOUNT)
    for day in ("2026-11-09", "2026-11-11", "2026-11-16"):
        position = feerules.position(account, book, day)
        arrears = feerules.classify(account, book, day)
        decision = feerules.next_action(account, book, day)
        print(f"{day}: {position.overdue} overdue since {position.days_overdue} days, {arrears.kind}")
        print(f"  {decision.explain('en')}")
        print(f"  {decision.explain('zh_CN')}")


if __name__ == "__main__":
    main()
