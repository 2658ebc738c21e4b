"""Exact numbers: integers with a known scale inside, `Decimal` outside, rounding only where it is named."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow
from math import isfinite
from operator import index
from typing import Final, Literal, get_args

from feerules.errors import FeeRulesError, did_you_mean

__all__ = [
    "MAX_DIGITS",
    "MAX_PLACES",
    "ROUNDING_MODES",
    "Imprecise",
    "NotANumber",
    "NumberError",
    "Rounding",
    "RoundingMode",
    "from_scaled",
    "round_div",
    "scaled_text",
    "share_out",
    "to_scaled",
]

RoundingMode = Literal["half_up", "half_even", "half_down", "up", "down"]
ROUNDING_MODES: Final[tuple[RoundingMode, ...]] = get_args(RoundingMode)

MAX_PLACES: Final = 12
MAX_DIGITS: Final = 1000
"""Longer numbers are refused: reading them costs quadratic time, and no fee has that many digits."""

_TENS: Final[tuple[int, ...]] = tuple(10**places for places in range(39))
_FLOAT_EXACT: Final = 2**53
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?").fullmatch

# The caller's decimal context may round to 28 digits (or to 6); this one refuses instead of rounding.
_EXACT = Context(
    prec=MAX_DIGITS, Emin=-2 * MAX_DIGITS, Emax=2 * MAX_DIGITS, traps=[Inexact, InvalidOperation, Overflow]
)
_scaleb = _EXACT.scaleb


class NumberError(FeeRulesError, ValueError):
    """A value that cannot be taken as a number: what it was, what was expected, one hint."""

    def __init__(self, found: str, expected: str, hint: str = "") -> None:
        self.found, self.expected, self.hint = found, expected, hint
        super().__init__(found, expected, hint)

    def __str__(self) -> str:
        text = f"found {self.found}, expected {self.expected}"
        return f"{text}; {self.hint}" if self.hint else text


class NotANumber(NumberError):
    """The value is no number at all."""


class Imprecise(NumberError):
    """The value is a number, but has more decimals than the scale keeps."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """To which multiple of which unit: `Rounding(Decimal("0.1"), "half_up")` rounds to whole jiao.

    >>> Rounding(Decimal("0.05"), "up")(Decimal("12.31"))
    Decimal('12.35')
    """

    unit: Decimal = Decimal("0.01")
    mode: RoundingMode = "half_up"

    def __post_init__(self) -> None:
        if self.mode not in ROUNDING_MODES:
            raise _unknown_mode(self.mode)
        if type(self.unit) is not Decimal or not self.unit.is_finite() or self.unit <= 0:
            raise ValueError(f"found the rounding unit {self.unit!r}, expected a Decimal such as 0.01 or 1")
        to_scaled(self.unit, MAX_PLACES)

    @classmethod
    def to_places(cls, places: int, mode: RoundingMode = "half_up") -> Rounding:
        """The unit 10^-places: 2 places are 0.01."""
        return cls(from_scaled(1, places), mode)

    @property
    def places(self) -> int:
        """The fewest decimals that hold every multiple of the unit: 2 for 0.05, 0 for 10."""
        scaled = to_scaled(self.unit, MAX_PLACES)
        return next(p for p in range(MAX_PLACES + 1) if scaled % _TENS[MAX_PLACES - p] == 0)

    @property
    def step(self) -> int:
        """The unit as an integer at `places`: 5 for 0.05, 10 for 10."""
        return to_scaled(self.unit, self.places)

    def divide(self, num: int, den: int) -> int:
        """num/den rounded to the unit, as an integer at `places`."""
        places, step = self.places, self.step
        return round_div(num * _TENS[places], den * step, self.mode) * step

    def __call__(self, value: Decimal) -> Decimal:
        return from_scaled(self.divide(*value.as_integer_ratio()), self.places)


def round_div(num: int, den: int, mode: RoundingMode = "half_up") -> int:
    """num/den as a whole number, exactly; `den` must be positive, negatives mirror positives.

    "up" is away from zero and "down" towards it, as in commerce, not as on the number line.

    >>> round_div(5, 10, "half_up"), round_div(-5, 10, "half_up"), round_div(-5, 10, "half_even")
    (1, -1, 0)
    """
    if den <= 0:
        raise ValueError(f"found the denominator {den}, expected a positive one")
    whole, rest = divmod(abs(num), den)
    if _goes_up(whole, rest, den, mode):
        whole += 1
    return whole if num >= 0 else -whole


def _goes_up(whole: int, rest: int, den: int, mode: RoundingMode) -> bool:
    match mode:
        case "half_up":
            return 2 * rest >= den
        case "half_even":
            return 2 * rest > den or (2 * rest == den and whole % 2 == 1)
        case "half_down":
            return 2 * rest > den
        case "up":
            return rest > 0
        case "down":
            return False
        case _:
            raise _unknown_mode(mode)


def _unknown_mode(mode: str) -> ValueError:
    hint = did_you_mean(mode, ROUNDING_MODES)
    text = f'found the rounding mode "{mode}", expected one of {", ".join(ROUNDING_MODES)}'
    return ValueError(f"{text}; {hint}" if hint else text)


def to_scaled(value: object, places: int) -> int:
    """The value times 10^places (0 to 38), exactly; trailing zeros are free, a lost digit is `Imprecise`.

    Takes int, Decimal, text like "-2.80", and floats only where k = round(x·10^places) is below 2^53
    and k/10^places == x: that is, where the float can only have come from those digits.

    >>> to_scaled("2.800", 2), to_scaled(Decimal("89.5"), 2), to_scaled(89.5, 2)
    (280, 8950, 8950)
    """
    # Exact types first: this runs for every fact of every record, and True is an int.
    if type(value) is int:
        return value * _TENS[places]
    if type(value) is Decimal:
        return _from_decimal(value, places)
    if type(value) is str:
        return _from_text(value, places)
    return _from_other(value, places)


def _from_decimal(value: Decimal, places: int) -> int:
    try:
        scaled = _scaleb(value, places)
        whole = int(scaled)
    except (DecimalException, ValueError, OverflowError):
        raise _no_number(_short(str(value)), f"finite, with at most {MAX_DIGITS} digits") from None
    if scaled == whole:
        return whole
    decimals = f"{value:f}".partition(".")[2].rstrip("0")
    raise _imprecise(_short(str(value)), len(decimals), places)


def _from_text(value: str, places: int) -> int:
    whole, _, decimals = value.partition(".")
    # Most numbers are digits with all their decimals; the pattern costs as much as all the rest.
    plain = len(decimals) == places and whole.isdigit() and decimals.isdigit() and value.isascii()
    if plain and len(value) <= MAX_DIGITS:
        return int(whole + decimals)
    if _NUMBER(value) is None or len(value) > MAX_DIGITS:
        raise _no_number(f'"{_short(value)}"', _hint_for(value))
    if len(decimals) > places:
        decimals = decimals.rstrip("0")
        if len(decimals) > places:
            raise _imprecise(f'"{_short(value)}"', len(decimals), places)
    return int(whole + decimals.ljust(places, "0"))


def _from_other(value: object, places: int) -> int:
    if isinstance(value, float):
        return _from_float(float(value), places)
    if isinstance(value, Decimal):
        return _from_decimal(Decimal(value), places)
    if isinstance(value, str):
        return _from_text(str(value), places)
    if not isinstance(value, bool):
        try:
            return index(value) * _TENS[places]  # type: ignore[arg-type]  # numpy's integers
        except TypeError:
            pass
    raise _no_number(f"{_short(repr(value))} ({type(value).__name__})", "")


def _from_float(value: float, places: int) -> int:
    if not isfinite(value):
        raise _no_number(f"the float {value!r}", "")
    # In floats, as the engines do it: a frame and a record must accept the same values.
    product = value * _TENS[places]
    scaled = round(product) if isfinite(product) else _FLOAT_EXACT
    if abs(scaled) < _FLOAT_EXACT and scaled / _TENS[places] == value:
        return scaled
    if abs(scaled) >= _FLOAT_EXACT:
        hint = "a float of this size has lost digits: give text or a Decimal"
    else:
        hint = f"if {from_scaled(scaled, places)} is meant, give that as text or as a Decimal"
    expected = f"a float that is a number with at most {_decimals(places)}"
    raise Imprecise(f"the float {value!r}", expected, hint)


def from_scaled(scaled: int, places: int) -> Decimal:
    """The Decimal with exactly `places` decimals, whatever the caller's decimal context.

    >>> from_scaled(25060, 2)
    Decimal('250.60')
    """
    return _scaleb(Decimal(scaled), -places)


def scaled_text(scaled: int, places: int) -> str:
    """The same as text, in a third of the time that a Decimal takes.

    >>> scaled_text(25060, 2), scaled_text(-5, 2), scaled_text(12, 0)
    ('250.60', '-0.05', '12')
    """
    if places == 0:
        return str(scaled)
    digits = str(scaled).zfill(places + (2 if scaled < 0 else 1))
    return f"{digits[:-places]}.{digits[-places:]}"


def share_out(total: int, weights: Sequence[int], ids: Sequence[str]) -> list[int]:
    """`total` by weight in whole numbers that sum to it: the largest remainders get the rest.

    Ties go to the lower id in UTF-8 bytes; a negative total mirrors a positive one. A weight of zero
    gets zero. ValueError where nobody can bear the total, or where an id is repeated.

    >>> share_out(100, [1, 1, 1], ["1-101", "1-102", "1-103"])
    [34, 33, 33]
    """
    whole = sum(weights)
    _check_shares(total, weights, ids, whole)
    if total == 0:
        return [0] * len(weights)
    parts = [divmod(abs(total) * weight, whole) for weight in weights]
    shares = [share for share, _ in parts]
    # Python orders text by code point, which is the order of its UTF-8 bytes.
    order = sorted(range(len(parts)), key=lambda i: (-parts[i][1], ids[i]))
    for i in order[: abs(total) - sum(shares)]:
        shares[i] += 1
    return shares if total > 0 else [-share for share in shares]


def _check_shares(total: int, weights: Sequence[int], ids: Sequence[str], whole: int) -> None:
    if len(weights) != len(ids):
        raise ValueError(f"found {len(weights)} weights and {len(ids)} ids, expected one weight for each id")
    for weight, name in zip(weights, ids, strict=True):
        if weight < 0:
            raise ValueError(f'found the weight {weight} of "{name}", expected 0 or more')
    if len(set(ids)) != len(ids):
        again = next(name for i, name in enumerate(ids) if name in ids[:i])
        raise ValueError(f'found "{again}" twice, expected each id once')
    if whole == 0 and total != 0:
        raise ValueError(f"found {total} to share and no weight above 0, expected somebody to bear it")


def _no_number(found: str, hint: str) -> NotANumber:
    return NotANumber(found, 'a number such as 250.60 (Decimal, int, or text like "250.60")', hint)


def _imprecise(found: str, decimals: int, places: int) -> Imprecise:
    return Imprecise(f"{found} ({_decimals(decimals)})", f"at most {_decimals(places)}")


def _decimals(count: int) -> str:
    return f"{count} decimal{'' if count == 1 else 's'}"


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _hint_for(text: str) -> str:
    """What a person most likely meant, where that is plain."""
    if len(text) > MAX_DIGITS:
        return f"at most {MAX_DIGITS} digits"
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain != text and _NUMBER(plain):
        return f'in half-width characters and without spaces: "{plain}"'
    if _NUMBER(re.sub(r"[,_ ]", "", plain)):
        return f'without separators: "{re.sub(r"[,_ ]", "", plain)}"'
    bare = re.sub(r"^[¥￥$]\s*|\s*(元|圆|RMB|CNY|yuan)$", "", plain, flags=re.IGNORECASE)
    if bare != plain and _NUMBER(bare):
        return f'without the currency: "{bare}"'
    if re.fullmatch(r"[+-]?(\.[0-9]+|[0-9]+\.)", plain):
        return "with digits on both sides of the point"
    return ""
