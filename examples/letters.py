"""Letters of one home: the fee notice, the demand, and the price list for the board, into a folder of your choice.

python examples/letters.py letters
"""

from __future__ import annotations

import sys
from pathlib import Path

import feerules

RULES = Path(__file__).parents[1] / "rules"
SENDER = {
    "name": {"zh": "示例物业服务有限公司", "en": "Sample Property Services"},
    "payee": "示例物业服务有限公司",
    "bank": {"zh": "示例银行", "en": "Sample Bank"},
    "account": "0200 0000 0000 0000 000",
    "hotline": "010-5555 0100",
    "complaints": {"zh": "12345、12315", "en": "12345, 12315"},
    "signature": "示例物业",
}
HOME = {
    "unit_id": "3-2-501", "account_id": "A-501", "kind": "home", "area": "89.50", "floor": 5, "lift": True,
    "handover": "2020-05-01",
}  # fmt: skip
OWNER = {"unit": {"zh": "3栋2单元501室", "en": "Building 3, entrance 2, 501"}}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    estate = feerules.load(RULES / "sample-estate")
    policy = feerules.load(RULES / "dunning" / "standard-cn.yaml")
    bill = feerules.price(HOME, estate.only("sample-estate"), "2026-06")
    account = feerules.Account(account_id="A-501").with_bill(bill)
    reminded = {"event_id": "E-1", "type": "contact", "step_id": "reminder", "effective_on": "2026-07-20"}
    account = account.model_copy(update={"events": (feerules.Event.model_validate(reminded),)})
    action = feerules.next_action(account, policy, "2026-09-01")
    for locale in ("zh_CN", "en"):
        letters = [
            feerules.fee_notice(bill, SENDER, recipient=OWNER, locale=locale),
            feerules.action_notice(action, SENDER, book=estate, recipient=OWNER, locale=locale),
            feerules.price_table(estate, SENDER, on="2026-09-01", locale=locale),
        ]
        for letter in letters:
            page = letter.write(folder / f"{letter.kind}.{locale}.html")
            length = "" if letter.sms is None else f", as a short message {letter.sms.segments} segment(s)"
            print(f"{letter.title}: {page.name}{length}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "letters"))
