"""The closed lists of what is known of an account on a day, and of what can happen on it: what policies speak of."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = [
    "ALIASES",
    "CLOSED",
    "HAPPENINGS",
    "POSITION",
    "STEP_DAYS",
    "TOLD",
    "HappeningKind",
    "PositionFact",
    "ToldField",
    "bucket_fact",
    "step_facts",
]

Kind = Literal["decimal", "integer", "boolean", "date", "choice", "text"]
# What a day that passes without a new entry does to a fact: a step up, a step down, nothing, or more than
# counting tells (`leaps`).
Daily = Literal["up", "down", "stays", "leaps"]

MOST_MONEY = 10**13  # fen: a hundred thousand million yuan on one account
MOST_COUNT = 1_000_000
MOST_DAYS = 110_000


@dataclass(frozen=True, slots=True)
class PositionFact:
    """One fact of a position; money in fen (two places), days as dates, words from `words`.

    `optional` facts have no value where there is nothing to tell of (no debt: no days overdue).
    """

    name: str
    kind: Kind
    zh: str
    en: str
    words: tuple[str, ...] = ()
    optional: bool = False
    daily: Daily = "stays"
    most: int = 0  # the largest value, where it is not that of its kind

    @property
    def places(self) -> int:
        return 2 if self.kind == "decimal" else 0

    @property
    def bounds(self) -> tuple[int, int]:
        """The smallest and the largest encoded value of a number."""
        if self.most:
            return 0, self.most
        if self.kind == "decimal":
            return 0, MOST_MONEY
        # Days, and only they, may be before their beginning: a charge is due in five.
        return (-MOST_DAYS, MOST_DAYS) if self.optional else (0, MOST_COUNT)


def _money(name: str, zh: str, en: str, daily: Daily = "stays") -> PositionFact:
    return PositionFact(name, "decimal", zh, en, daily=daily)


def _count(name: str, zh: str, en: str, daily: Daily = "stays") -> PositionFact:
    return PositionFact(name, "integer", zh, en, daily=daily)


def _days(name: str, zh: str, en: str, daily: Daily = "up") -> PositionFact:
    return PositionFact(name, "integer", zh, en, optional=True, daily=daily)


def _day(name: str, zh: str, en: str) -> PositionFact:
    return PositionFact(name, "date", zh, en, optional=True)


def _flag(name: str, zh: str, en: str) -> PositionFact:
    return PositionFact(name, "boolean", zh, en)


def _state(name: str, words: str, zh: str, en: str) -> PositionFact:
    return PositionFact(name, "choice", zh, en, words=tuple(words.split()))


def _text(name: str, zh: str, en: str) -> PositionFact:
    return PositionFact(name, "text", zh, en, optional=True)


_FACTS = (
    # The day
    PositionFact("as_of", "date", "判断日", "the day that is asked about"),
    _count("weekday", "星期（1至7）", "the day of the week, Monday 1 to Sunday 7", "leaps"),
    _count("day_of_month", "当月第几日", "the day of the month", "leaps"),
    # Money
    _money("outstanding", "未缴总额", "all that is open, due or not"),
    _money("overdue", "逾期金额", "what is open of charges that are overdue", "leaps"),
    _money("left_alone", "争议或暂缓金额", "what is open of charges that the policy leaves alone while disputed or held"),
    _money("late_fee_accrued", "已产生违约金", "the late fee that has accrued", "leaps"),
    _money("late_fee_posted", "已计违约金", "late fee that was charged, less its credits"),
    _money("late_fee_due", "应收违约金", "accrued less posted less waived", "leaps"),
    _money("credit", "未分配余额", "money received that no charge has used"),
    _money("in_transit", "在途金额", "payments that have not cleared"),
    _money("paid_this_week", "本周已付", "payments that counted in the week of the day", "leaps"),
    _money("demand_covers", "催告涵盖金额", "open principal that a delivered and expired demand covers", "leaps"),
    _money("plan_shortfall", "分期差额", "by how much a payment plan is behind", "leaps"),
    _money("plan_expected", "分期应余额", "what may still be open of a payment plan by now"),
    _money("promised", "承诺金额", "the amount of the last promise"),
    _money("written_off", "核销金额", "what was written off"),
    _money("waived", "减免金额", "what was waived of charges"),
    # Age and number of debts
    _days("days_past_due", "逾期天数（未扣宽限）", "days since the oldest open charge fell due"),
    _days("days_overdue", "逾期天数", "the same, less grace and paused days", "leaps"),
    _count("unpaid_count", "未缴笔数", "open charges"),
    _count("overdue_count", "逾期笔数", "overdue charges", "leaps"),
    _count("unpaid_periods", "欠费期数", "months in which the periods of overdue charges begin, else fall due", "leaps"),
    _day("oldest_due_on", "最早应缴日", "when the oldest open charge fell due"),
    _day("owed_since", "连续欠费起始日", "since when there was no evening on which all was paid"),
    _day("paid_to", "已缴至", "the day up to which every period is paid"),
    # Payments
    _flag("payment_in_transit", "付款在途", "whether a payment has not cleared"),
    _day("last_payment_on", "最近付款日", "when money last came in"),
    _days("days_since_payment", "距最近付款天数", "days since money last came in"),
    # Promises and plans
    _state("promise_state", "none due kept broken", "承诺状态", "the state of the last promise to pay"),
    _day("promised_on", "承诺付款日", "the day of the last promise"),
    _days("promise_in_days", "距承诺日天数", "days to the promised day, while the promise is due", "down"),
    _count("broken_promises", "失约次数", "promises that were broken", "leaps"),
    _state("plan_state", "none live broken completed", "分期状态", "the state of the payment plan"),
    # Contacts
    _count("attempts_today", "当日联系次数", "attempts to reach the party today", "leaps"),
    _count("contacts_today", "当日接通次数", "contacts today that reached the party", "leaps"),
    _count("attempts_week", "本周联系次数", "attempts in the week of the day", "leaps"),
    _count("contacts_week", "本周接通次数", "contacts in the week of the day that reached the party", "leaps"),
    _count("unreachable_streak", "连续未接通次数", "latest attempts, one after another, that reached nobody"),
    _day("last_contact_on", "最近联系日", "when the party was last contacted"),
    _days("days_since_contact", "距最近联系天数", "days since the last attempt"),
    _days("days_since_attempt", "距最近联系本人天数", "the same, with what was about other accounts of the party"),
    _text("last_outcome", "最近联系结果", "how the last contact ended"),
    _text("last_channel", "最近联系方式", "the channel of the last contact"),
    _flag("away", "异地", "whether the last contact found the party away"),
    _flag("refuses", "拒交", "whether the last contact was refused"),
    _text("last_step", "最近步骤", "the last step of the ladder that was done and is in force"),
    _days("days_since_step", "距最近步骤天数", "days since that step"),
    # Demands, stops, court
    _state("demand_state", "none sent failed delivered expired", "催告状态", "the state of the last demand"),
    _days("demand_age_days", "距催告天数", "days since the last demand"),
    _state("dispute_state", "none open closed", "争议状态", "whether any dispute is open, or all are closed"),
    _flag("hardship", "困难", "whether hardship is noted"),
    _flag("death", "死亡", "whether a death is noted"),
    _flag("hold", "暂缓", "whether a person has put the account on hold"),
    _day("hold_review_on", "暂缓复核日", "when the hold is looked at again"),
    _day("hold_until", "暂缓至", "when the last hold ends or, without an end, is looked at again"),
    _state("court_state", "none filed scheduled awaiting_outcome decided", "诉讼状态", "the state of proceedings"),
    _day("hearing_on", "开庭日", "the day of the hearing, if one is set"),
    # Limitation and the ledger itself
    _day("limitation_on", "时效届满日", "when the first open claim can be met with limitation"),
    _days("limitation_in_days", "距时效届满天数", "days until then", "down"),
    _days("ledger_age_days", "台账陈旧天数", "days since the last entry was recorded"),
    PositionFact(
        "ledger_age_minutes", "integer", "台账陈旧分钟数", "minutes begun since the last entry was recorded",
        optional=True, daily="leaps", most=MOST_DAYS * 1440,
    ),
)  # fmt: skip

POSITION = MappingProxyType({fact.name: fact for fact in _FACTS})
"""The facts of a position by name, in the order in which they are told."""

# Short names that policies may use.
ALIASES = MappingProxyType(
    {
        "amount": "overdue",
        "promise": "promise_state",
        "plan": "plan_state",
        "demand": "demand_state",
        "dispute": "dispute_state",
        "court": "court_state",
        "unreachable": "unreachable_streak",
    }
)


def bucket_fact(name: str) -> PositionFact:
    """What is open in one ageing bucket that a policy declares."""
    return _money(f"bucket_{name}", f"账龄段 {name}", f"what is open in the bucket {name}", "leaps")


# How the names of those facts of a step end that count days, and grow with each.
STEP_DAYS = (".days", ".tried")


def step_facts(
    step: str, *, by_clock: bool = False, holds: bool = False, in_turn: bool = False
) -> tuple[PositionFact, ...]:
    """What is known of a step of the ladder, as far as it is still in force; `by_clock`: its gap is to the
    second; `holds`: more than being done may hold it back; `in_turn`: its channels take turns."""
    rested = _flag(
        f"steps.{step}.rested", f"{step} 间隔已满", f"whether the gap of {step} has passed by the clock"
    )
    tried = _days(
        f"steps.{step}.tried",
        f"距 {step} 未决尝试天数",
        f"days since a try at {step} that does not count and yet holds it back: nobody knows whether it arrived, it failed on the last channel, or it was for a debt that is paid",
    )
    turns = _count(
        f"steps.{step}.turns", f"{step} 轮次", f"how often {step} was done, in force or not", "leaps"
    )
    return (
        *((rested,) if by_clock else ()),
        *((tried,) if holds else ()),
        *((turns,) if in_turn else ()),
        _count(f"steps.{step}.count", f"{step} 次数", f"how often {step} was done", "leaps"),
        _days(f"steps.{step}.days", f"距 {step} 天数", f"days since {step} was last done", "leaps"),
        _count(
            f"steps.{step}.failed",
            f"{step} 未送达次数",
            f"attempts at {step} since then that failed",
            "leaps",
        ),
        _flag(f"steps.{step}.approved", f"{step} 已批准", f"whether {step} was approved since then"),
    )


# What happens on an account


@dataclass(frozen=True, slots=True)
class HappeningKind:
    """One sort of thing that happens on an account, and what its entry may tell of it."""

    name: str
    zh: str
    en: str
    tells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ToldField:
    """One thing that an entry tells of what happened: text, true or false, or money in fen; often nothing."""

    name: str
    kind: Literal["text", "boolean", "decimal"]
    zh: str
    en: str


_TOLD = (
    ToldField("channel", "text", "渠道", "channel"),
    ToldField("outcome", "text", "结果", "outcome"),
    ToldField("delivered", "boolean", "已送达", "delivered"),
    # By the words of the policy: connected and unreachable of ledger.outcomes.
    ToldField("reached", "boolean", "已接通", "reached"),
    ToldField("step_id", "text", "步骤", "step"),
    ToldField("reason", "text", "原因", "reason"),
    ToldField("amount", "decimal", "金额", "amount"),
    ToldField("fee", "text", "收费项目", "fee"),
    ToldField("method", "text", "付款方式", "method"),
)

TOLD = MappingProxyType({field.name: field for field in _TOLD})
"""What entries tell, by name; `amount` is in fen."""

CLOSED = "_closed"  # how the end of what goes on is called: dispute_closed

_OF_CONTACTS = ("channel", "outcome", "delivered", "reached", "step_id", "reason")
_OF_DEALS = ("channel", "amount", "step_id", "reason", "outcome")
_OF_STATES = ("reason", "outcome", "step_id")
_OF_MONEY = ("amount", "fee", "method")
_OF_CHARGES = ("amount", "fee")

_EVENTS = (
    ("contact", "联系", "contact", _OF_CONTACTS),
    ("demand", "催告", "demand", (*_OF_CONTACTS, "amount")),
    ("action", "催缴安排", "action", (*_OF_CONTACTS, "amount")),
    ("promise", "承诺付款", "promise", _OF_DEALS),
    ("plan", "分期付款", "plan", _OF_DEALS),
    ("dispute", "争议", "dispute", _OF_STATES),
    ("hardship", "困难", "hardship", _OF_STATES),
    ("death", "死亡", "death", _OF_STATES),
    ("hold", "暂缓", "hold", _OF_STATES),
    ("pause", "暂停", "pause", _OF_STATES),
    ("court", "诉讼", "court", _OF_STATES),
    ("approval", "审批", "approval", _OF_STATES),
    ("acknowledgement", "债务确认", "acknowledgement", _OF_STATES),
)
_MONEY = (
    ("payment", "付款", "payment"),
    ("payment_in_transit", "付款在途", "payment in transit"),
    ("payment_reversed", "付款冲正", "reversal of a payment"),
)
_CHARGES = (
    ("charge", "应收", "charge"),
    ("late_fee", "违约金", "late fee"),
    ("deposit", "押金", "deposit"),
    ("credit", "冲减", "credit"),
    ("waiver", "减免", "waiver"),
    ("write_off", "核销", "write-off"),
    ("refund", "退款", "refund"),
)
# No entry says so: the day does.
_JUDGED = (
    ("promise_kept", "承诺兑现", "promise kept"),
    ("promise_broken", "失约", "promise broken"),
)


def _happenings() -> tuple[HappeningKind, ...]:
    events = [HappeningKind(*each) for each in _EVENTS]
    closed = [
        HappeningKind(each.name + CLOSED, f"{each.zh}结束", f"end of a {each.en}", each.tells)
        for each in events
    ]
    return (
        *events,
        *closed,
        *(HappeningKind(*each, _OF_MONEY) for each in _MONEY),
        *(HappeningKind(*each, _OF_CHARGES) for each in _CHARGES),
        *(HappeningKind(*each, _OF_DEALS) for each in _JUDGED),
    )


HAPPENINGS = MappingProxyType({each.name: each for each in _happenings()})
"""What can happen on an account, by name."""
