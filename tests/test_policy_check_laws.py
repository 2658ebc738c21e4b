"""What a check says of a policy holds for every account: a stop that never decides never does, a step never comes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import feerules
from accounts import FIRST
from feerules import Account
from how_often import often
from policies import owing
from random_policies import document, policies

days = st.integers(0, 190).map(lambda number: FIRST + timedelta(days=number))
NEVER = {"shadowed_stop": "the stop ", "never_due": ""}


@settings(deadline=None, max_examples=often(60))
@given(owing(), policies(), st.integers(0, 9), days)
def test_what_is_told_never_to_decide_does_not(
    account: Account, policy: dict[str, Any], copied: int, as_of: date
) -> None:
    if policy.get("stops"):
        # A narrower stop below one that is there already.
        wider = policy["stops"][copied % len(policy["stops"])]
        narrow = {**wider, "id": "narrow", "when": {**wider["when"], "outstanding": ">= 1"}, "then": "review"}
        policy = {**policy, "stops": [*policy["stops"], {**narrow, "review": "3 days"}]}
    rules = feerules.load_files({"policy.yaml": document(policy)})
    found = feerules.check(rules, profile="none")
    told = {
        each.message["en"].removeprefix(NEVER[each.code]).split()[0] for each in found if each.code in NEVER
    }
    assert not policy.get("stops") or "narrow" in told
    unsent = {each.message["en"].split()[0] for each in found if each.code == "never_sent"}
    decision = feerules.next_action(account, rules, as_of)
    # A step that is never sent may be due all the same.
    assert getattr(decision, "step_id", None) not in unsent
    assert told.isdisjoint(reason.rule for reason in decision.reasons if reason.code in ("stop", "due"))
