"""Findings on steps that go to court: what must have gone before them, on every path of the ladder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from feerules.checks.acts import doing
from feerules.checks.findings import Finding, finding
from feerules.checks.profiles import Law, LawfulAct, titled
from feerules.documents.policy import DunningPolicy, Step
from feerules.plan.alternatives import Alternative, Reading, covers
from feerules.plan.dunning import PolicyVersion
from feerules.plan.grid import Condition
from feerules.vocabulary import MOST_COUNT, POSITION
from feerules.wording import sentence

__all__ = ["check_suits"]

DEMANDS, DISPUTES = POSITION["demand_state"].words, POSITION["dispute_state"].words
AMOUNTS = ("demand_covers", "overdue", "outstanding")


def check_suits(version: PolicyVersion, law: Law) -> Iterator[Finding]:
    """What each step that does such an act lacks of what the act needs."""
    policy = version.policy
    steps = policy.ladder.steps if policy.ladder else ()
    suits = _Suits(policy, Reading(policy, version.names), law)
    for step in steps:
        yield from suits.short_period(step)
        needs = {need: act for act in doing(step, law) for need in act.needs}
        for need, act in needs.items():
            yield from suits.lacking(step, need, act)


class _Suits:
    def __init__(self, policy: DunningPolicy, reading: Reading, law: Law) -> None:
        self.policy, self.reading, self.law = policy, reading, law
        self.steps = {step.id: step for step in (policy.ladder.steps if policy.ladder else ())}

    def lacking(self, step: Step, need: str, act: LawfulAct) -> Iterator[Finding]:
        match need:
            case "delivered_demand":
                yield from self._undemanded(step, act)
            case "no_open_dispute" if not self._is_undisputed(step):
                yield from self._told(
                    "payment_order", step, act, sentence("{step} can be due while a dispute is open: {act} needs a claim that nobody disputes"),
                    sentence('write when: {{dispute: "none, closed"}}'),
                )  # fmt: skip
            case "reachable_debtor" if not self._is_reachable(step):
                yield from self._told(
                    "payment_order", step, act, sentence("{step} can be due while nobody reaches the debtor: {act} must be served"),
                    sentence('write when: {{unreachable: "< 10"}}'), warning=True,
                )  # fmt: skip
            case "small_amount":
                yield from self._large(step, act)

    # A demand before

    def _undemanded(self, step: Step, act: LawfulAct) -> Iterator[Finding]:
        if step.legal:  # it counts only what a delivered and expired demand has covered
            return
        open_path = next(
            (each for each in self.reading.paths(step) if not self._is_demanded(each, {step.id})), None
        )
        if open_path is None:
            return
        witness = {"demand_state": _first_word(open_path.get("demand_state"), DEMANDS)}
        witness |= {
            name: text for name, text in self.reading.example(open_path).items() if name not in witness
        }
        yield from self._told(
            "demand_before_suit", step, act,
            sentence("{step} can be due before a demand was delivered and its period has passed: {act} needs that on every path"),
            sentence("write legal: true, or when: {{demand: expired}}, after a step with must_be: delivered"), witness=witness,
        )  # fmt: skip

    def _is_demanded(self, path: Alternative, seen: set[str]) -> bool:
        """Whether what must hold includes a demand that was delivered, and whose period is over."""
        state, covered = path.get("demand_state"), path.get("demand_covers")
        if state is not None and not state.null and state.bands == ((4, 5),):
            return True
        court = path.get("court_state")
        if court is not None and not _has(court, 0):  # proceedings are on, which a demand came before
            return True
        if covered is not None and not covered.null and all(lo > 0 for lo, _ in covered.bands):
            return True
        return any(self._comes_after(step, path, seen) for step in self.steps.values())

    def _comes_after(self, step: Step, path: Alternative, seen: set[str]) -> bool:
        """Whether a path passes a step that is such a demand, long enough ago, or that needs one itself."""
        days = path.get(f"steps.{step.id}.days")
        count = path.get(f"steps.{step.id}.count")
        done = days is not None and not days.null
        done = done or (count is not None and not count.null and all(lo > 0 for lo, _ in count.bands))
        if not done or step.id in seen:
            return False
        if step.must_be == "delivered":
            period = self.policy.ledger.demand_period if step.period is None else step.period
            return days is not None and all(lo >= period for lo, _ in days.bands)
        before = self.reading.paths(step)
        return step.legal or (
            bool(before) and all(self._is_demanded(each, {*seen, step.id}) for each in before)
        )

    def short_period(self, step: Step) -> Iterator[Finding]:
        """A demand that gives fewer days than a court takes for reasonable."""
        test = self.law.tests.get("demand_period")
        if step.must_be != "delivered" or test is None or test.rule.least is None:
            return
        period = self.policy.ledger.demand_period if step.period is None else step.period
        if period < test.rule.least and test.severity is not None:
            where = step.where_of("period") if step.period is not None else step.where
            yield finding(
                "demand_period", test.severity, where, sentence("{step} gives {days} days to pay; fewer than {least} are hardly reasonable"),
                sentence("write period: 15 days"), basis=test.basis, step=titled(step, step.id), days=str(period), least=str(test.rule.least),
            )  # fmt: skip

    # A claim for a payment order, for small claims

    def _is_undisputed(self, step: Step) -> bool:
        disputed: Alternative = {"dispute_state": Condition(((1, 2),))}
        if self._is_stopped(step, disputed):
            return True
        paths = self.reading.paths(step)
        return all((told := path.get("dispute_state")) is not None and not _has(told, 1) for path in paths)

    def _is_reachable(self, step: Step) -> bool:
        lost: Alternative = {"unreachable_streak": Condition(((MOST_COUNT, MOST_COUNT + 1),))}
        if self._is_stopped(step, lost):
            return True
        return all(
            (told := path.get("unreachable_streak")) is not None and not _has(told, MOST_COUNT)
            for path in self.reading.paths(step)
        )

    def _is_stopped(self, step: Step, case: Alternative) -> bool:
        """Whether a stop holds in this case, and does not let the step through."""
        for stop in self.policy.stops:
            if covers(self.reading.possible(stop), [case]):
                return step.id not in stop.lets_through
        return False

    def _large(self, step: Step, act: LawfulAct) -> Iterator[Finding]:
        most = (
            self.law.most("small_claims", self.policy.first_day) if "small_claims" in self.law.tests else None
        )
        if most is None:
            return
        for path in self.reading.paths(step):
            told = [path[name] for name in AMOUNTS if name in path]
            if not any(_highest(each) <= most * 100 for each in told):
                yield from self._told(
                    "small_claims", step, act, sentence("{step} can be due for more than {most}: {act} are for less"),
                    sentence('write when: {{demand_covers: "(0..{most}]"}}'), most=f"{most:f}",
                )  # fmt: skip
                return

    def _told(
        self, test: str, step: Step, act: LawfulAct, message: str, hint: str, *, warning: bool = False,
        witness: Mapping[str, str] | None = None, **fields: str,
    ) -> Iterator[Finding]:  # fmt: skip
        told = self.law.tests.get(test)
        if told is None or told.severity is None:
            return
        severity = "warning" if warning and told.severity == "error" else told.severity
        where = step.where_of("when" if step.when else "any" if step.any else "id")
        yield finding(
            test, severity, where, message, hint, basis=told.basis, witness=[witness] if witness else [],
            step=titled(step, step.id), act=act.title, **fields,
        )  # fmt: skip


def _has(condition: Condition, value: int) -> bool:
    return any(lo <= value < hi for lo, hi in condition.bands)


def _highest(condition: Condition) -> Decimal:
    return Decimal(max((hi - 1 for _, hi in condition.bands), default=0))


def _first_word(condition: Condition | None, words: tuple[str, ...]) -> str:
    """The first state that a condition permits."""
    return next((word for at, word in enumerate(words) if condition is None or _has(condition, at)), words[0])
