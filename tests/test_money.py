"""Exact numbers: scaled integers, the rounding modes, and shares that sum to the whole."""

from __future__ import annotations

import pickle
from decimal import (
    ROUND_DOWN,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
    localcontext,
)
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feerules.errors import FeeRulesError
from feerules.money import (
    ROUNDING_MODES,
    Imprecise,
    NotANumber,
    Rounding,
    RoundingMode,
    from_scaled,
    round_div,
    share_out,
    to_scaled,
)

MODES = st.sampled_from(ROUNDING_MODES)
PLACES = st.integers(0, 12)
WHOLE = st.integers(-(10**38), 10**38)

# num/den, then what each mode makes of it.
ROUNDINGS = [
    #  num  den  half_up half_even half_down up  down
    (0, 10, 0, 0, 0, 0, 0),
    (4, 10, 0, 0, 0, 1, 0),
    (5, 10, 1, 0, 0, 1, 0),
    (6, 10, 1, 1, 1, 1, 0),
    (15, 10, 2, 2, 1, 2, 1),
    (25, 10, 3, 2, 2, 3, 2),
    (20, 10, 2, 2, 2, 2, 2),
    (1, 3, 0, 0, 0, 1, 0),
    (2, 3, 1, 1, 1, 1, 0),
    (7, 2, 4, 4, 3, 4, 3),
    (10**40 + 5, 10, 10**39 + 1, 10**39, 10**39, 10**39 + 1, 10**39),
]


@pytest.mark.parametrize(("num", "den", "expected"), [(num, den, rest) for num, den, *rest in ROUNDINGS])
def test_a_quotient_is_rounded_as_its_mode_says_and_negatives_mirror_it(
    num: int, den: int, expected: list[int]
) -> None:
    assert [round_div(num, den, mode) for mode in ROUNDING_MODES] == expected
    assert [round_div(-num, den, mode) for mode in ROUNDING_MODES] == [-value for value in expected]


def test_the_modes_are_a_closed_list() -> None:
    assert ROUNDING_MODES == ("half_up", "half_even", "half_down", "up", "down")


def test_an_unknown_mode_is_named_with_the_nearest_one() -> None:
    with pytest.raises(ValueError, match="found the rounding mode") as caught:
        round_div(1, 2, "halfup")  # type: ignore[arg-type]
    assert str(caught.value) == (
        'found the rounding mode "halfup", expected one of half_up, half_even, half_down, up, down; '
        'did you mean "half_up"?'
    )


@pytest.mark.parametrize("den", [0, -3])
def test_a_denominator_that_is_not_positive_is_refused(den: int) -> None:
    with pytest.raises(ValueError, match="expected a positive one"):
        round_div(1, den, "down")


DECIMAL_MODES = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "half_down": ROUND_HALF_DOWN,
    "up": ROUND_UP,
    "down": ROUND_DOWN,
}


@given(num=WHOLE, places=st.integers(0, 40), mode=MODES)
def test_rounding_is_what_the_decimal_module_calls_by_the_same_name(
    num: int, places: int, mode: RoundingMode
) -> None:
    with localcontext(prec=200):
        expected = Decimal(num).scaleb(-places).quantize(Decimal(1), DECIMAL_MODES[mode])
    assert round_div(num, 10**places, mode) == expected


@given(num=WHOLE, den=st.integers(1, 10**38), mode=MODES)
def test_rounding_moves_a_number_by_less_than_one_and_whole_numbers_not_at_all(
    num: int, den: int, mode: RoundingMode
) -> None:
    moved = abs(round_div(num, den, mode) - Fraction(num, den))
    assert moved < 1
    assert moved <= Fraction(1, 2) or mode in ("up", "down")
    assert round_div(num * den, den, mode) == num


# exact amount, unit, mode, rounded: figures of published bills and of other systems.
UNITS = [
    ("444.195", "0.01", "half_up", "444.20"),
    ("711.315", "0.01", "half_up", "711.32"),
    ("711.3150", "0.001", "half_down", "711.315"),
    ("700.6652", "0.01", "half_up", "700.67"),
    ("1684.032", "1", "half_up", "1684"),
    ("66.65333", "0.01", "half_up", "66.65"),
    ("12.31", "0.05", "up", "12.35"),
    ("12.349", "0.1", "down", "12.3"),
    ("-12.35", "0.1", "half_up", "-12.4"),
    ("1250", "100", "half_even", "1200"),
    ("0.5", "1", "half_even", "0"),
]


@pytest.mark.parametrize(("exact", "unit", "mode", "rounded"), UNITS)
def test_an_amount_is_rounded_to_its_unit(exact: str, unit: str, mode: RoundingMode, rounded: str) -> None:
    assert str(Rounding(Decimal(unit), mode)(Decimal(exact))) == rounded


def test_a_rounding_knows_its_places_and_its_step() -> None:
    assert [
        (r.places, r.step) for r in map(Rounding, map(Decimal, ["0.01", "0.05", "0.10", "1", "1E+1"]))
    ] == [
        (2, 1),
        (2, 5),
        (1, 1),
        (0, 1),
        (0, 10),
    ]
    assert Rounding.to_places(3, "up") == Rounding(Decimal("0.001"), "up")


def test_a_rounding_divides_scaled_numbers_without_a_decimal_between() -> None:
    assert Rounding(Decimal("0.1")).divide(26250, 31) == 8468


@pytest.mark.parametrize(
    "unit", [0.01, 1, "0.01", Decimal(0), Decimal("-0.01"), Decimal("NaN"), Decimal("1E-13")]
)
def test_a_rounding_unit_is_a_positive_decimal(unit: Any) -> None:
    with pytest.raises(ValueError, match="found"):
        Rounding(unit)


# value, places, scaled
NUMBERS: list[tuple[Any, int, int]] = [
    (0, 2, 0),
    (-3, 2, -300),
    (Decimal("89.50"), 2, 8950),
    (Decimal("2.800"), 2, 280),
    (Decimal("1E+2"), 2, 10000),
    (Decimal("-0.00"), 2, 0),
    (Decimal("0E-500"), 2, 0),
    (Decimal("0.0005"), 6, 500),
    (Decimal("123456789012345678901234567890123456.78"), 2, 12345678901234567890123456789012345678),
    ("2.800", 2, 280),
    ("+2.8", 2, 280),
    ("-0.5", 2, -50),
    ("007", 0, 7),
    ("0.000001", 6, 1),
    (89.5, 2, 8950),
    (0.1, 2, 10),
    (1.1, 6, 1100000),
    (-0.0, 2, 0),
    (2.0**52, 0, 2**52),
]


@pytest.mark.parametrize(("value", "places", "scaled"), NUMBERS)
def test_a_number_becomes_an_integer_of_its_scale(value: Any, places: int, scaled: int) -> None:
    assert to_scaled(value, places) == scaled
    assert type(to_scaled(value, places)) is int


NUMBER = 'expected a number such as 250.60 (Decimal, int, or text like "250.60")'
FLOAT = "expected a float that is a number with at most 2 decimals"
LOST = "a float of this size has lost digits: give text or a Decimal"
REFUSED: list[tuple[Any, type[Exception], str]] = [
    ("2.805", Imprecise, 'found "2.805" (3 decimals), expected at most 2 decimals'),
    (Decimal("2.80500"), Imprecise, "found 2.80500 (3 decimals), expected at most 2 decimals"),
    (Decimal("1E-30"), Imprecise, "found 1E-30 (30 decimals), expected at most 2 decimals"),
    (
        0.1 + 0.2,
        Imprecise,
        f"found the float 0.30000000000000004, {FLOAT}; if 0.30 is meant, give that as text or as a Decimal",
    ),
    (
        2.0**53,
        Imprecise,
        f"found the float 9007199254740992.0, {FLOAT}; {LOST}",
    ),
    (1.7e308, Imprecise, f"found the float 1.7e+308, {FLOAT}; {LOST}"),
    (float("nan"), NotANumber, f"found the float nan, {NUMBER}"),
    (float("inf"), NotANumber, f"found the float inf, {NUMBER}"),
    (True, NotANumber, f"found True (bool), {NUMBER}"),
    (None, NotANumber, f"found None (NoneType), {NUMBER}"),
    ([1], NotANumber, f"found [1] (list), {NUMBER}"),
    (Decimal("NaN"), NotANumber, f"found NaN, {NUMBER}; finite, with at most 1000 digits"),
    (Decimal("sNaN"), NotANumber, f"found sNaN, {NUMBER}; finite, with at most 1000 digits"),
    (Decimal("-Infinity"), NotANumber, f"found -Infinity, {NUMBER}; finite, with at most 1000 digits"),
    # would be a billion digits long
    (Decimal("1E+999999999"), NotANumber, f"found 1E+999999999, {NUMBER}; finite, with at most 1000 digits"),
    ("9" * 5000, NotANumber, f'found "{"9" * 57}...", {NUMBER}; at most 1000 digits'),
    ("", NotANumber, f'found "", {NUMBER}'),
    ("1e5", NotANumber, f'found "1e5", {NUMBER}'),
    ("NaN", NotANumber, f'found "NaN", {NUMBER}'),
    ("12.5%", NotANumber, f'found "12.5%", {NUMBER}'),
    (".5", NotANumber, f'found ".5", {NUMBER}; with digits on both sides of the point'),
    ("5.", NotANumber, f'found "5.", {NUMBER}; with digits on both sides of the point'),
    ("1,234.50", NotANumber, f'found "1,234.50", {NUMBER}; without separators: "1234.50"'),
    ("1_000", NotANumber, f'found "1_000", {NUMBER}; without separators: "1000"'),
    (
        " 2.80",
        NotANumber,
        f'found " 2.80", {NUMBER}; in half-width characters and without spaces: "2.80"',
    ),
    (
        "２.８０",
        NotANumber,
        f'found "２.８０", {NUMBER}; in half-width characters and without spaces: "2.80"',
    ),
    ("2.80元", NotANumber, f'found "2.80元", {NUMBER}; without the currency: "2.80"'),
    ("￥2.80", NotANumber, f'found "￥2.80", {NUMBER}; without the currency: "2.80"'),
    ("٣", NotANumber, f'found "٣", {NUMBER}'),
]


@pytest.mark.parametrize(("value", "kind", "told"), REFUSED)
def test_what_is_no_exact_number_is_refused_and_the_message_says_why(
    value: Any, kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind) as caught:
        to_scaled(value, 2)
    assert str(caught.value) == told
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, FeeRulesError)


def test_a_refusal_carries_its_parts_and_survives_a_pickle() -> None:
    with pytest.raises(NotANumber) as caught:
        to_scaled("2.80元", 2)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.found, again.hint) == ('"2.80元"', 'without the currency: "2.80"')
    assert str(again) == str(caught.value)


class Yuan(Decimal):
    pass


class Code(str):
    pass


class Level(int):
    pass


@pytest.mark.parametrize("value", [Yuan("2.80"), Code("2.80"), Level(28), type("F", (float,), {})(2.5)])
def test_subclasses_of_numbers_and_of_text_are_taken_as_what_they_are(value: Any) -> None:
    assert to_scaled(value, 2) == Fraction(str(value)) * 100


@given(scaled=WHOLE, places=PLACES)
def test_a_scaled_number_goes_out_and_comes_back(scaled: int, places: int) -> None:
    value = from_scaled(scaled, places)
    assert to_scaled(value, places) == scaled
    assert to_scaled(f"{value:f}", places) == scaled
    assert -value.as_tuple().exponent == places  # type: ignore[operator]


@given(scaled=WHOLE, places=PLACES)
@example(scaled=10**38 - 1, places=2)
def test_the_callers_decimal_context_changes_nothing(scaled: int, places: int) -> None:
    value = from_scaled(scaled, places)
    with localcontext(prec=3):
        assert from_scaled(scaled, places).compare_total(value) == 0
        assert to_scaled(value, places) == scaled


@given(value=st.decimals(allow_nan=False, allow_infinity=False, places=5), places=st.integers(0, 5))
def test_a_decimal_and_its_text_are_the_same_number_or_refused_alike(value: Decimal, places: int) -> None:
    exact = Fraction(value) * 10**places
    for given_as in (value, f"{value:f}"):
        if exact.denominator == 1:
            assert to_scaled(given_as, places) == exact
        else:
            with pytest.raises(Imprecise):
                to_scaled(given_as, places)


# Beyond 2^51, x·10^places may miss k by one, and the float is refused.
@given(k=st.integers(-(2**51), 2**51), places=st.integers(0, 6))
def test_a_float_that_came_from_so_many_digits_is_those_digits(k: int, places: int) -> None:
    assert to_scaled(k / 10**places, places) == k


@given(value=st.floats(allow_nan=False, allow_infinity=False), places=st.integers(0, 6))
def test_a_float_that_is_accepted_is_the_nearest_to_what_it_is_taken_for(value: float, places: int) -> None:
    try:
        scaled = to_scaled(value, places)
    except Imprecise:
        return
    assert abs(scaled) < 2**53
    assert scaled / 10**places == value


# total, weights, ids, shares
SHARES: list[tuple[int, list[int], list[str], list[int]]] = [
    (100, [1, 1, 1], ["a", "b", "c"], [34, 33, 33]),
    (100, [1, 1, 1], ["c", "b", "a"], [33, 33, 34]),
    (101, [1, 1, 1], ["2", "10", "1"], [33, 34, 34]),
    (-100, [1, 1, 1], ["a", "b", "c"], [-34, -33, -33]),
    (100000, [8950, 12030, 0], ["甲", "乙", "丙"], [42660, 57340, 0]),
    (10, [70, 100], ["vacant", "lived-in"], [4, 6]),
    (0, [1, 2], ["a", "b"], [0, 0]),
    (0, [0, 0], ["a", "b"], [0, 0]),
    (0, [], [], []),
    (5, [3], ["a"], [5]),
    # UTF-8 order: a before é before 中 before 🏠
    (1, [1, 1, 1, 1], ["🏠", "中", "é", "a"], [0, 0, 0, 1]),
    (1, [1, 1], ["🏠", "\uff01"], [0, 1]),
]


@pytest.mark.parametrize(("total", "weights", "ids", "shares"), SHARES)
def test_a_total_is_shared_by_largest_remainder(
    total: int, weights: list[int], ids: list[str], shares: list[int]
) -> None:
    assert share_out(total, weights, ids) == shares


@given(
    total=st.integers(-(10**12), 10**12),
    pool=st.dictionaries(st.text(max_size=3), st.integers(0, 10**7), min_size=1, max_size=12),
    data=st.data(),
)
def test_shares_sum_to_the_total_stay_near_their_exact_value_and_heed_no_order(
    total: int, pool: dict[str, int], data: st.DataObject
) -> None:
    pool["bearer"] = 1
    whole = sum(pool.values())
    shares = dict(zip(pool, share_out(total, list(pool.values()), list(pool)), strict=True))
    assert sum(shares.values()) == total
    for name, weight in pool.items():
        assert abs(shares[name] - Fraction(total * weight, whole)) < 1
    order = data.draw(st.permutations(list(pool)))
    assert share_out(total, [pool[name] for name in order], order) == [shares[name] for name in order]


@pytest.mark.parametrize(
    ("total", "weights", "ids", "told"),
    [
        (1, [0, 0], ["a", "b"], "found 1 to share and no weight above 0, expected somebody to bear it"),
        (1, [], [], "found 1 to share and no weight above 0, expected somebody to bear it"),
        (1, [1, -1], ["a", "b"], 'found the weight -1 of "b", expected 0 or more'),
        (1, [1, 1], ["a", "a"], 'found "a" twice, expected each id once'),
        (1, [1], ["a", "b"], "found 1 weights and 2 ids, expected one weight for each id"),
    ],
)
def test_a_share_that_would_be_a_guess_is_refused(
    total: int, weights: list[int], ids: list[str], told: str
) -> None:
    with pytest.raises(ValueError, match="found") as caught:
        share_out(total, weights, ids)
    assert str(caught.value) == told
