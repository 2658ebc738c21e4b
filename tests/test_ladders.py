"""Ladders and stops that look wrong and are right: each loads. What is wrong is told word for word in data/bad."""

from __future__ import annotations

import pytest

import feerules
from policies import book

RIGHT = {
    "one step at a time, each once without saying so": """
ladder:
  order: one_step_at_a_time
  steps:
    - {id: reminder, when: {days_overdue: ">= 5"}, channels: [sms]}
    - {id: note, when: {days_overdue: ">= 9"}, role: collector}
""",
    "a step in front that rests": """
ladder:
  steps:
    - {id: reminder, when: {days_overdue: ">= 5"}, channels: [sms], gap: 2 days}
    - {id: call, when: {days_overdue: ">= 30"}, channels: [phone], gap: 3 days}
""",
    "a step in front that is used up": """
ladder:
  steps:
    - {id: reminder, when: {days_overdue: ">= 5"}, channels: [sms], gap: 1 day, at_most: 3}
    - {id: call, when: {days_overdue: ">= 30"}, channels: [phone], gap: 3 days}
""",
    "a step in front that is done on the same day": """
ladder:
  steps:
    - {id: reminder, when: {days_overdue: ">= 5"}, channels: [sms], gap: 1 day}
    - {id: call, after: {step: reminder, days: 0}, when: {days_overdue: ">= 5"}, channels: [phone], gap: 3 days}
""",
    "a step in front that a stop keeps back": """
stops:
  - {id: disputed, when: {dispute: open}, then: review, review: 10 days, lets_through: [call]}
ladder:
  steps:
    - {id: reminder, when: {days_overdue: ">= 5"}, channels: [sms], gap: 1 day}
    - {id: call, when: {days_overdue: ">= 30"}, channels: [phone], gap: 3 days}
""",
    "a step of a stop that an earlier stop lets through": """
stops:
  - {id: dead, when: {death: true}, then: review, review: 10 days, lets_through: [explain]}
  - {id: disputed, when: {dispute: open}, then: review, review: 10 days}
ladder:
  steps:
    - {id: explain, when: {dispute: open}, channels: [phone], gap: 3 days}
""",
    "alternatives of which one is possible": """
ladder:
  steps:
    - {id: reminder, when: {days_overdue: "> 10"}, any: [{days_overdue: "< 5"}, {overdue: ">= 500"}], gap: 3 days}
""",
    "a step on the last day on which another is in force": """
ladder:
  steps:
    - {id: call, after: {step: reminder, days: ">= 30", months: ">= 1"}, channels: [phone], gap: 3 days}
    - {id: reminder, when: {days_overdue: ">= 5"}, channels: [sms], gap: 9 days, in_force: 30 days}
""",
    "stops that end by themselves": """
stops:
  - {id: promised, when: {promise: due}, then: wait, until: {promised_on: 1 day}}
  - {id: promise, any: [{promise_in_days: "> 1"}, {promise_in_days: "< 0"}], then: wait, until: {promised_on: -1 day}}
  - {id: paid, when: {days_since_payment: "<= 10"}, then: wait, until: {last_payment_on: 11 days}}
  - {id: spoken, when: {days_since_contact: "< 3"}, then: wait, until: {last_contact_on: 3 days}}
  - {id: young, when: {days_past_due: "< 5"}, then: wait, until: {oldest_due_on: 5 days}}
  - {id: barred, when: {limitation_in_days: "[0..30]"}, then: hold, until: {limitation_on: 0 days}}
  - {id: moment, when: {hardship: true}, then: hold, until: {as_of: 3 days}}
  - {id: exempt, when: {hold: true}, then: clear}
""",
    "a legal step for demands that others send": """
ladder:
  steps:
    - {id: suit, when: {demand: expired}, legal: true, at_most: 1}
""",
    "a stop for all below the minimum of a step": """
stops:
  - {id: small, when: {overdue: "< 100"}, then: wait, review: 30 days}
ladder:
  steps:
    - {id: reminder, when: {days_overdue: ">= 5"}, channels: [sms], gap: 2 days}
""",
    "hours on one sort of day": """
ladder:
  steps:
    - {id: reminder, when: {days_overdue: ">= 5"}, channels: [sms], gap: 2 days}
windows: {weekend: ["10:00-12:00"]}
""",
    "no hours, and nothing to send": """
ladder:
  steps:
    - {id: note, when: {days_overdue: ">= 5"}, gap: 2 days}
windows: {}
""",
}


@pytest.mark.parametrize("body", RIGHT.values(), ids=RIGHT)
def test_what_is_right_loads(body: str) -> None:
    assert isinstance(book(body), feerules.Book)
