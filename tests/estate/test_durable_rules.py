"""durable-rules gives what the reference gives; and each of its limits is met by how it is used, not by luck."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from random import Random  # noqa: TID251  (made-up lives, from a seed)
from typing import Any

import pytest
from durable import engine as durable
from hypothesis import given, settings
from hypothesis import strategies as st

import feerules
from feerules import MissingExtra, UnusableEngine
from feerules.engines.rete import EngineFailed, Rete
from feerules.ledger.patterns import matches
from feerules.plan.patterns import CellTerms, Happened, HappeningTerms, ReactionTerms
from reactions import (
    FIVE,
    REVERSED,
    a_book,
    a_life,
    book,
    call,
    demand,
    fired,
    payment,
    promise,
    reversal,
    shortened,
    visit,
)
from test_import import place_of_the_package, run_fresh

# durable-rules asks for the time in a way that newer Pythons warn about.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")

chances = st.integers(0, 10**9).map(Random)
LIVED = [
    promise("PR-1", "2025-03-01", "2025-03-05"), promise("PR-2", "2025-03-10", "2025-03-15"), demand("D-1", "2025-04-01"),
    visit("V-1", "2025-05-01"), payment("P-1", "2025-05-03", "1.00"), reversal("R-1", "2025-05-06", "P-1"),
    *(call(f"C-{day}", f"2025-06-0{day}") for day in (1, 4, 8)),
]  # fmt: skip

# Parity


def both(rules: feerules.Book, lived: list[dict[str, Any]], as_of: str = "2025-06-30") -> tuple[Any, Any]:
    plain, durable = (feerules.react(rules, lived, as_of, engine=name) for name in ("plain", "durable"))
    return plain, durable


def test_the_five_reactions_fire_alike() -> None:
    plain, durable = both(book(FIVE), LIVED)
    assert plain == durable
    assert [each.reaction for each in plain] == [
        "twice-broken", "demand-unpaid", "paid-before-visit", "payment-reversed", "three-calls",
    ]  # fmt: skip


SHORTENED = shortened("2025-02-05")


@settings(max_examples=30)
@given(chances)
def test_versions_that_make_a_wait_shorter_fire_alike(chance: Random) -> None:
    plain, durable = both(SHORTENED, a_life(chance, 24))
    assert plain == durable


@settings(max_examples=60)
@given(chances)
def test_random_policies_over_random_lives_fire_alike(chance: Random) -> None:
    rules = a_book(chance)
    for _ in range(4):
        plain, durable = both(rules, a_life(chance, 24))
        assert plain == durable


def a_history(chance: Random, most: int = 30) -> list[Happened]:
    """Happenings as engines have them, more tangled than entries can be."""
    days = sorted(chance.randrange(40) for _ in range(chance.randint(0, most)))
    return [
        Happened(
            day, chance.choice("xyz"), str(at),
            {"f": chance.randrange(6)} if chance.random() < 0.7 else {},
            chance.randrange(at) if at and chance.random() < 0.2 else -1,
        )
        for at, day in enumerate(days)
    ]  # fmt: skip


def some_terms(chance: Random) -> tuple[HappeningTerms, ...]:
    tests = [
        (),
        (CellTerms("f", ((0, 2), (3, 5)), False),),
        (CellTerms("f", (), True),),
        (CellTerms("f", ((4, 6),), True),),
    ]
    return tuple(
        HappeningTerms(kind, chance.choice(tests)) for kind in chance.sample("xyz", chance.choice([1, 1, 2]))
    )


def some_reactions(chance: Random, count: int) -> list[ReactionTerms]:
    forms: list[Any] = ["alone", "count", "comes", "without"]
    return [
        ReactionTerms(
            f"r{number}", chance.choice(forms), some_terms(chance), some_terms(chance),
            some_terms(chance) if chance.random() < 0.3 else (), chance.randint(2, 4), chance.choice([0, 1, 3, 8, 20]),
        )
        for number in range(count)
    ]  # fmt: skip


@settings(max_examples=40)
@given(chances)
def test_tangled_histories_with_some_used_up_fire_alike(chance: Random) -> None:
    reactions = some_reactions(chance, 8)
    rete = Rete(reactions)
    for _ in range(6):
        history, until = a_history(chance), chance.choice([20, 45, 90])
        used = [frozenset(at for at in range(len(history)) if chance.random() < 0.2) for _ in reactions]
        assert rete.matches(history, until, used) == matches(history, reactions, until, used)


# Limits of rulesets and conditions


@pytest.mark.parametrize("chance", [*map(Random, range(2))])
def test_two_hundred_reactions_are_spread_over_rulesets_of_at_most_sixty_four_rules(chance: Random) -> None:
    reactions = some_reactions(chance, 200)
    rete = Rete(reactions)
    assert len(rete.sizes) > 6
    assert max(rete.sizes) <= 64
    history = a_history(chance, 40)
    assert rete.matches(history, 90) == matches(history, reactions, 90)


def test_a_policy_with_a_hundred_reactions_is_no_special_case() -> None:
    rules = book(*(f"{{id: r-{number}, when: {{event: payment, amount: '>= {number}'}}, then: thank}}" for number in range(100)))  # fmt: skip
    plain, durable = both(rules, [payment("P-1", "2025-05-03", "49.00")])
    assert plain == durable
    assert len(plain) == 50


def test_a_cell_that_names_forty_words_is_judged_beside_the_rules() -> None:
    words = [f"reason-{number:02}" for number in range(0, 80, 2)]
    others = [f"reason-{number:02}" for number in range(1, 80, 2)]
    rules = book(
        f'{{id: some, when: {{event: dispute, reason: "null, {", ".join(words)}"}}, then: review}}',
        f'{{id: others, when: {{event: dispute, reason: "{", ".join(others)}"}}, then: review}}',
    )
    lived = [{"event_id": f"D-{word}", "type": "dispute", "effective_on": "2025-03-01", "reason": word} for word in (*words, *others, None, "new")]  # fmt: skip
    plain, durable = both(rules, lived)
    assert plain == durable
    assert len(plain) == 81


@pytest.mark.parametrize("chance", [*map(Random, range(2))])
def test_a_condition_on_every_field_at_once_fits(chance: Random) -> None:
    tests = tuple(CellTerms(f"f{number}", ((1, 5), (7, 9)), True) for number in range(9))
    reaction = ReactionTerms("all", "alone", (HappeningTerms("x", tests),))
    rete = Rete([reaction])
    history = [
        Happened(
            0,
            "x",
            str(at),
            {f"f{number}": chance.choice([1, 4, 7, 7, 2, 6]) for number in range(chance.randrange(10))},
        )
        for at in range(60)
    ]
    found = rete.matches(history, 9)
    assert found == matches(history, [reaction], 9)
    assert 0 < len(found) < 60


# Limits of contexts


def test_fifteen_hundred_accounts_one_after_another_leave_no_context() -> None:
    rules = book(REVERSED)
    for number in range(1_500):  # more than there is room for
        assert len(fired(rules, reversal(f"R-{number}", "2025-05-06", "P-1"), engine="durable")) == 1


def test_there_is_one_context_while_a_history_is_looked_at_and_none_after_it() -> None:
    reaction = ReactionTerms("r", "count", (HappeningTerms("x"),), at_least=2, within=5)
    rete, seen = Rete([reaction]), []
    tell = rete._host.assert_fact

    def told(name: str, fact: dict[str, Any]) -> Any:
        seen.append((rete.contexts, fact["sid"]))
        return tell(name, fact)

    rete._host.assert_fact = told
    rete.matches([Happened(day, "x", str(day), {}) for day in range(4)], 9)
    assert {sid for _, sid in seen} == {"1"}
    assert max(count for count, _ in seen) == len(rete.sizes)
    assert rete.contexts == 0


CRASHES = """
from feerules.engines.rete import Rete
from feerules.plan.patterns import Happened, HappeningTerms, ReactionTerms
histories = [
    [],  # nothing fires
    [Happened(0, "nobody", "e", {})],  # nothing is wanted
    [Happened(day, "xy"[day % 2], str(day), {}) for day in range(12)],
    [Happened(0, "x", "e", {"f": 1}), Happened(1, "y", "r", {}, 0), Happened(2, "x", "g", {})],
]
forms = ("alone", "count", "comes", "without")
for _ in range(60):  # ever new rulesets: their memory is never clean
    rete = Rete([ReactionTerms(f, f, (HappeningTerms("x"),), (HappeningTerms("y"),), (), 2, 3) for f in forms])
    for history in histories * 2:
        rete.matches(history, 99)
print(60)
"""


def test_nothing_ends_the_process() -> None:
    """As do, used otherwise, a context in which nothing fired, a condition whose last part fails, what is retracted."""
    assert run_fresh(CRASHES, place_of_the_package()) == 60


# Limits of what is given and what comes back


def test_what_nobody_waits_for_is_no_error() -> None:
    assert fired(book(FIVE), payment("P-1", "2025-05-03", "1.00"), engine="durable") == []


def test_an_error_in_an_action_is_raised_and_the_next_history_is_looked_at_as_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broken(set[Any]):
        def add(self, label: Any) -> None:
            raise RuntimeError("out of order")

    reaction = ReactionTerms("r", "alone", (HappeningTerms("x"),))
    rete, history = Rete([reaction]), [Happened(0, "x", "e", {})]
    with monkeypatch.context() as patch:
        patch.setattr(rete, "labels", Broken())
        with pytest.raises(EngineFailed, match="durable-rules: exception caught out of order"):
            rete.matches(history, 9)
    assert rete.contexts == 0
    assert rete.matches(history, 9) == matches(history, [reaction], 9)


def test_an_action_without_an_answer_is_an_error_and_not_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An action that a machine was put to sleep in has no answer: durable-rules then says nothing at all."""
    rete = Rete([ReactionTerms("r", "alone", (HappeningTerms("x"),))])
    monkeypatch.setattr(durable.Closure, "_has_completed", lambda self: True)
    with pytest.raises(EngineFailed, match="no answer within ten seconds"):
        rete.matches([Happened(0, "x", "e", {})], 9)


def test_what_is_given_stays_as_it_is() -> None:
    told = {"f": 1}
    history = [Happened(0, "x", "e", told)]
    reactions = [ReactionTerms("r", "alone", (HappeningTerms("x", (CellTerms("f", ((1, 2),), False),)),))]
    before = repr((history, reactions))
    rete = Rete(reactions)
    assert len(rete.matches(history, 9)) == len(rete.matches(history, 9)) == 1
    assert repr((history, reactions)) == before


@pytest.mark.parametrize("amount", ["0.01", "99999999999.99", "0.10"])
def test_an_amount_is_compared_in_whole_fen(amount: str) -> None:
    rules = book(f'{{id: exact, when: {{event: payment, amount: "{amount}"}}, then: thank}}')
    assert fired(rules, payment("P-1", "2025-05-03", amount), engine="durable") != []
    less = str(
        feerules.Payment.model_validate(payment("P-1", "2025-05-03", amount)).amount
    )  # the same, as Decimal
    assert fired(rules, payment("P-1", "2025-05-03", less), engine="durable") != []
    assert fired(rules, payment("P-1", "2025-05-03", "0.02"), engine="durable") == []


def test_ids_and_words_of_any_script_never_reach_the_engine() -> None:
    strange = '编号"\\\x00'
    rules = book('{id: by, when: {event: contact, channel: "微信, 电话"}, then: notify}')
    lived = {"event_id": strange, "type": "contact", "effective_on": "2025-03-01", "channel": "电话"}
    assert fired(rules, lived, engine="durable") == [("by", "2025-03-01", strange)]


def test_no_timer_runs_and_no_thread_is_started() -> None:
    before = threading.active_count()
    assert fired(book(FIVE), *LIVED, engine="durable") != []
    assert threading.active_count() == before


def test_threads_may_share_a_policy() -> None:
    rules, found = book(FIVE), []
    expected = fired(rules, *LIVED)

    def ask() -> None:
        found.extend(fired(rules, *LIVED, engine="durable") == expected for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [True] * 30


# Without it


def without(monkeypatch: pytest.MonkeyPatch, error: Callable[[], ImportError]) -> None:
    """As where durable-rules cannot be imported."""

    class Refusing:
        def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
            if name == "durable":
                raise error()

    for name in ("durable", "durable.engine", "feerules.engines.rete"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr("feerules.engines.rete", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Refusing(), *sys.meta_path])


def test_where_it_is_not_installed_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, lambda: ModuleNotFoundError("No module named 'durable'", name="durable"))
    with pytest.raises(MissingExtra) as caught:
        fired(book(FIVE), engine="durable")
    assert str(caught.value) == 'engine="durable" needs durable: run pip install "feerules[events]"'


def test_where_it_was_built_wrongly_the_error_says_how_to_build_it(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, lambda: ImportError("undefined symbol: PyEval_CallObject"))
    with pytest.raises(UnusableEngine) as caught:
        fired(book(FIVE), engine="durable")
    assert str(caught.value) == (
        "durable-rules is installed and cannot be imported (undefined symbol: PyEval_CallObject): build it again, on"
        " Python 3.13 with CPPFLAGS='-DPyEval_CallObject(f,a)=PyObject_Call((f),(a),NULL)' pip install --no-cache-dir"
        ' --force-reinstall --no-binary durable-rules durable-rules; or give engine="plain", which needs nothing and'
        " answers the same"
    )


@pytest.mark.parametrize(
    "error", [ModuleNotFoundError("no", name="durable"), ImportError("undefined symbol")]
)
def test_where_it_cannot_be_had_and_nobody_asked_for_it_the_reference_answers(
    monkeypatch: pytest.MonkeyPatch, error: ImportError
) -> None:
    expected = fired(book(FIVE), *LIVED)
    without(monkeypatch, lambda: error)
    assert fired(book(FIVE), *LIVED, engine=None) == expected
