"""Words for people: every sentence from a catalog, numbers, money and days as a locale writes them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Context, Decimal, localcontext
from functools import cache, reduce
from io import BytesIO
from pkgutil import get_data
from typing import Any

__all__ = ["CHINESE", "LOCALES", "Wording", "counted", "sentence", "translate"]

# What may be asked for, and what Babel and the catalogs call it.
LOCALES: Mapping[str, tuple[str, str]] = {
    "zh_CN": ("zh_CN", "zh_CN"),
    "zh": ("zh_CN", "zh_CN"),
    "zh_Hans_CN": ("zh_CN", "zh_CN"),
    "en": ("en", "en"),
    "en_US": ("en_US", "en"),
    "en_GB": ("en_GB", "en"),
}
# ¥ is the yuan here, in every language; so that it is nothing else, the yen is told apart.
SYMBOLS = {"CNY": "¥", "JPY": "JP¥"}
# More digits than any number of a bill has, whatever the caller's decimal context would keep.
EXACT = Context(prec=100)
PLACEHOLDER = re.compile(r"\{(\w+)\}")
CHINESE = re.compile("[\u4e00-\u9fff]")

Messages = Mapping[tuple[str, str], tuple[str, ...]]


def sentence(message: str) -> str:
    """Marks a text that stands in the catalogs; `Wording.text` translates it where it is used."""
    return message


def counted(one: str, many: str) -> tuple[str, str]:
    """The same for a text that differs with a number: "{number} month", "{number} months"."""
    return one, many


def translate(locale: str) -> Wording:
    """The words of a locale, such as zh_CN or en-GB; ValueError for one that has no catalog.

    >>> translate("zh-CN").text("Total: {amount}.", amount=translate("zh").money(Decimal("12.5"), "CNY"))
    '合计：¥12.50。'
    """
    known = LOCALES.get(locale.replace("-", "_"))
    if known is None:
        raise ValueError(f"found the locale {locale!r}, expected one of {', '.join(LOCALES)}")
    return _wording(*known)


# Two threads that ask first at the same time both read the catalog, and get the same words.
@cache
def _wording(locale: str, catalog: str) -> Wording:
    from babel import Locale

    return Wording(Locale.parse(locale), locale.partition("_")[0], _messages(catalog))


@cache
def _messages(catalog: str) -> Messages:
    from babel.messages.pofile import read_po

    content = get_data("feerules", f"locale/{catalog}.po")
    assert content is not None
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for message in read_po(BytesIO(content), locale=catalog):
        # With a plural, both are tuples; a message is then known by its singular.
        name = message.id if isinstance(message.id, str) else message.id[0]
        forms = message.string or ""
        found[message.context or "", name] = (forms,) if isinstance(forms, str) else tuple(forms)
    return found


@dataclass(frozen=True, slots=True)
class Wording:
    """The sentences of one language, and the forms in which one place writes numbers and days.

    `locale` is Babel's, read once: by its name it would be looked up again for every number.
    """

    locale: Any
    language: str
    messages: Messages = field(repr=False)

    # Sentences

    def text(self, message: str, /, **fields: str) -> str:
        """A message with its fields filled in. KeyError where the catalogs do not have it."""
        return self.messages["", message][0].format(**fields)

    def count(self, message: tuple[str, str], number: str, /) -> str:
        """A message that differs with its number: "1 month", "3 months"."""
        forms = self.messages["", message[0]]
        return (forms[0] if number == "1" else forms[-1]).format(number=number)

    def retold(self, english: str, context: str, names: Collection[str] | None = None) -> str:
        """An English text made from a message of a context, in this language; itself where none fits.

        Its fields are in this language too, where they are messages; with `names`, these alone: others are ids.
        """
        for (about, message), (said, *_) in self.messages.items():
            if about == context and (found := _reading(message).fullmatch(english)):
                fields = found.groupdict().items()
                return said.format(
                    **{
                        name: value if names is not None and value not in names else self._known(value)
                        for name, value in fields
                    }
                )
        return english

    def _known(self, value: str) -> str:
        return self.messages.get(("", value), (value,))[0]

    def title(self, words: Mapping[str, str], otherwise: str = "") -> str:
        """A title as bills carry it, {"zh": …, "en": …}."""
        return words.get(self.language) or next(filter(None, words.values()), otherwise)

    def listed(self, items: Iterable[str]) -> str:
        """Several things, one after another: "a, b" or "甲、乙"."""
        return reduce(
            lambda several, another: self.text("{several}, {another}", several=several, another=another),
            items,
        )

    def told(self, sentences: Iterable[str]) -> str:
        """Several sentences as one paragraph."""
        return reduce(
            lambda before, after: self.text("{before} {sentence}", before=before, sentence=after), sentences
        )

    # Numbers, money, days: every digit that the number has, and none besides

    def number(self, value: Decimal, least: int = 0) -> str:
        """A number with at least so many decimals."""
        from babel.numbers import format_decimal

        with localcontext(EXACT):
            return format_decimal(value, format=f"#,##0{_decimals(value, least)}", locale=self.locale)

    def percent(self, value: Decimal) -> str:
        """A share: 0.0305 is 3.05%."""
        from babel.numbers import format_percent

        with localcontext(EXACT):
            pattern = f"#,##0{_decimals(value.scaleb(2), 0)}%"
            return format_percent(value, format=pattern, locale=self.locale)

    def money(self, amount: Decimal, currency: str) -> str:
        """An amount with the sign of its currency and at least as many decimals as the currency has."""
        from babel.numbers import format_currency, get_currency_symbol

        with localcontext(EXACT):
            text = format_currency(amount, currency, locale=self.locale, decimal_quantization=False)
        if currency not in SYMBOLS:
            return text
        return text.replace(get_currency_symbol(currency, self.locale), SYMBOLS[currency])

    def day(self, day: date) -> str:
        """A day in full: 2026年11月1日, November 1, 2026."""
        from babel.dates import format_date

        return format_date(day, "long", locale=self.locale)

    def moment(self, moment: datetime) -> str:
        """A minute of a day: 2026年11月1日 09:30, November 1, 2026, 09:30."""
        return self.text("{day}, {time}", day=self.day(moment.date()), time=f"{moment:%H:%M}")

    def month(self, day: date) -> str:
        """The month of a day: 2026年11月, November 2026."""
        from babel.dates import format_skeleton

        return format_skeleton("yMMMM", day, locale=self.locale)

    def days(self, first: date, last: date) -> str:
        """A span of days, the last one included."""
        if first >= last:
            return self.day(first)
        return self.text("{first} to {last}", first=self.day(first), last=self.day(last))


def _decimals(value: Decimal, least: int) -> str:
    """The decimals of a pattern that shows a number whole."""
    written = format(value, "f").partition(".")[2].rstrip("0")
    places = max(len(written), least)
    return "." + "0" * places if places else ""


@cache
def _reading(message: str) -> re.Pattern[str]:
    """What recognises a text that a message gave."""
    pieces = PLACEHOLDER.split(message)
    return re.compile(
        "".join(f"(?P<{piece}>.+)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces)),
        re.DOTALL,
    )
