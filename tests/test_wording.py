"""The catalogs hold every sentence that the code asks for, and numbers are written to the last digit."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal, localcontext
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

import feerules
from feerules import wording
from feerules.checks.refusals import RETOLD
from feerules.reasons import _KINDS, CODES
from feerules.wording import LOCALES, Wording, translate
from test_import import place_of_the_package, run_fresh

SOURCE = Path(feerules.__file__).parent
CATALOGS = ("zh_CN", "en")
Key = tuple[str, tuple[str, ...]]  # the context, and the message or its singular and plural


def catalog_of(name: str) -> Catalog:
    with (SOURCE / "locale" / f"{name}.po").open("rb") as file:
        return read_po(file, locale=name, abort_invalid=True)


def messages_of(name: str) -> dict[Key, Message]:
    return {(message.context or "", forms(message.id)): message for message in catalog_of(name) if message.id}


def forms(text: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def asked_for(tree: ast.AST) -> Iterator[tuple[str, ...]]:
    """The texts written down where a sentence is translated, or marked for it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in ("text", "sentence", "counted"):
            texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
            if texts and len(texts) == len(node.args):
                yield tuple(map(str, texts))


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def messages_in_the_code() -> set[Key]:
    found: set[Key] = {(code, (text,)) for code, text in CODES.items()}
    found |= {("", (text,)) for text in _KINDS.values()}
    found |= {(code, (text,)) for code, texts in RETOLD.items() for text in texts}
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        # A page's reader has the words, so that what makes pages need not import them.
        if "feerules.wording" in text or path.name == "wording.py" or "feerules.pages.reader" in text:
            found |= {("", texts) for texts in asked_for(ast.parse(text))}
    return found


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


# The catalogs


@pytest.mark.parametrize("name", CATALOGS)
def test_a_catalog_has_every_message_of_the_code_and_no_other(name: str) -> None:
    assert messages_of(name).keys() == messages_in_the_code()


@pytest.mark.parametrize("name", CATALOGS)
def test_a_catalog_is_finished(name: str) -> None:
    catalog = catalog_of(name)
    unfinished = [
        message.id
        for message in messages_of(name).values()
        if message.fuzzy or not all(each.strip() for each in forms(message.string))
    ]
    assert (unfinished, catalog.obsolete) == ([], {})


@pytest.mark.parametrize("name", CATALOGS)
def test_a_translation_has_the_placeholders_of_its_message(name: str) -> None:
    for (_, texts), message in messages_of(name).items():
        wanted = {frozenset(placeholders(text)) for text in texts}
        assert {frozenset(placeholders(said)) for said in forms(message.string)} == wanted, texts


@pytest.mark.parametrize("name", CATALOGS)
def test_a_counted_message_has_as_many_forms_as_its_language(name: str) -> None:
    number = catalog_of(name).num_plurals
    counted = [message for (_, texts), message in messages_of(name).items() if len(texts) > 1]
    assert counted
    assert {len(forms(message.string)) for message in counted} == {number}


def test_english_is_told_as_the_code_has_it() -> None:
    for (_, texts), message in messages_of("en").items():
        assert forms(message.string) == texts


def test_chinese_uses_chinese_punctuation() -> None:
    half_width = re.compile("[\u4e00-\u9fff] ?[,.;:()]|[,;:()] ?[\u4e00-\u9fff]")
    for (_, texts), message in messages_of("zh_CN").items():
        assert not any(map(half_width.search, forms(message.string))), texts


# Locales


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("zh_CN", "2026年11月1日"),
        ("zh-CN", "2026年11月1日"),
        ("zh", "2026年11月1日"),
        ("zh_Hans_CN", "2026年11月1日"),
        ("zh-Hans-CN", "2026年11月1日"),
        ("en", "November 1, 2026"),
        ("en_US", "November 1, 2026"),
        ("en-US", "November 1, 2026"),
        ("en_GB", "1 November 2026"),
    ],
)
def test_a_locale_is_known_by_its_usual_names(locale: str, said: str) -> None:
    assert translate(locale).day(date(2026, 11, 1)) == said


@pytest.mark.parametrize("locale", ["zh_TW", "zh_HK", "fr", "EN", "", "../en", "chinese"])
def test_another_locale_is_refused_with_the_known_ones(locale: str) -> None:
    with pytest.raises(
        ValueError, match="expected one of zh_CN, zh, zh_Hans_CN, en, en_US, en_GB"
    ) as refused:
        translate(locale)
    assert repr(locale) in str(refused.value)


def test_threads_that_ask_first_at_the_same_time_get_the_same_words() -> None:
    wording._wording.cache_clear()
    wording._messages.cache_clear()
    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(lambda n: translate(("zh", "en")[n % 2]).money(Decimal(n), "CNY"), range(200)))
    assert said == [f"¥{n}.00" for n in range(200)]


def test_neither_import_nor_price_nor_json_loads_babel() -> None:
    code = """
import json, sys
import feerules
book = feerules.load_files({"a.yaml": '''
kind: fee-schedule
id: a
effective: {from: 2026-01-01}
facts: {area: {decimal: 2, min: 0, max: 100}}
fees: {management: {per: area, rate: 2.80}}
'''})
bill = feerules.price({"area": 10}, book, "2026-11")
bill.to_dict()
try:
    feerules.price({"area": "x"}, book, "2026-11")
except feerules.UnitErrors as error:
    str(error)
before = "babel" in sys.modules
bill.explain("en")
print(json.dumps({"before": before, "after": "babel" in sys.modules}))
"""
    assert run_fresh(code, place_of_the_package()) == {"before": False, "after": True}


def test_the_catalogs_are_found_in_a_package_that_is_zipped(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "feerules.zip", "w") as archive:
        for path in SOURCE.rglob("*"):
            if path.suffix in (".py", ".po"):
                archive.write(path, Path("feerules") / path.relative_to(SOURCE))
    code = (
        "from feerules.wording import translate; print(translate('zh').text('Total: {amount}.', amount='1'))"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code],
        env={"PYTHONPATH": str(tmp_path / "feerules.zip")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stdout == "合计：1。\n", done.stderr


# Numbers, money, months


@pytest.fixture(params=["zh_CN", "en", "en_GB"])
def words(request: pytest.FixtureRequest) -> Wording:
    return translate(request.param)


@pytest.mark.parametrize(
    ("number", "least", "said"),
    [
        ("2.8", 2, "2.80"),
        ("2.80", 0, "2.8"),
        ("0.123456", 2, "0.123456"),
        ("0.000001", 2, "0.000001"),
        ("0.000000001", 0, "0.000000001"),
        ("1234567.891", 2, "1,234,567.891"),
        ("10.00", 0, "10"),
        ("1E+3", 2, "1,000.00"),
        ("-5.50", 2, "-5.50"),
        ("9007199254740993.01", 0, "9,007,199,254,740,993.01"),
        (
            "99999999999999999999999999999999999999.999999",
            2,
            "99,999,999,999,999,999,999,999,999,999,999,999,999.999999",
        ),
    ],
)
def test_a_number_is_written_with_every_digit_it_has(
    words: Wording, number: str, least: int, said: str
) -> None:
    assert words.number(Decimal(number), least) == said
    with localcontext() as context:
        context.prec = 2
        assert words.number(Decimal(number), least) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [("0.06", "6%"), ("0.0305", "3.05%"), ("1", "100%"), ("0.000001", "0.0001%"), ("0.00", "0%")],
)
def test_a_share_is_written_as_a_percentage(words: Wording, share: str, said: str) -> None:
    assert words.percent(Decimal(share)) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("250.60", "¥250.60"),
        ("0", "¥0.00"),
        ("-2000", "-¥2,000.00"),
        ("1234567890123456789.01", "¥1,234,567,890,123,456,789.01"),
    ],
)
def test_yuan_are_written_alike_in_every_language(words: Wording, amount: str, said: str) -> None:
    with localcontext() as context:
        context.prec = 2
        assert words.money(Decimal(amount), "CNY") == said


@pytest.mark.parametrize(
    ("currency", "zh", "en", "gb"),
    [
        ("HKD", "HK$1,200.00", "HK$1,200.00", "HK$1,200.00"),
        ("USD", "US$1,200.00", "$1,200.00", "US$1,200.00"),
        ("EUR", "€1,200.00", "€1,200.00", "€1,200.00"),
        ("JPY", "JP¥1,200", "JP¥1,200", "JP¥1,200"),
        ("KWD", "KWD1,200.000", "KWD1,200.000", "KWD1,200.000"),
    ],
)
def test_other_currencies_are_written_as_the_locale_writes_them(
    currency: str, zh: str, en: str, gb: str
) -> None:
    amount = Decimal("1200.00")
    said = [translate(locale).money(amount, currency) for locale in ("zh", "en", "en_GB")]
    # CLDR puts a no-break space after letters, in some of its versions.
    assert [each.replace("\xa0", "") for each in said] == [zh, en, gb]


def test_one_thing_is_singular_where_a_language_has_a_singular() -> None:
    month = ("{number} month", "{number} months")
    assert [translate("en").count(month, n) for n in ("1", "3", "0.5", "15/31")] == [
        "1 month", "3 months", "0.5 months", "15/31 months",
    ]  # fmt: skip
    assert translate("zh").count(month, "1") == "1个月"


def test_days_include_the_last_one() -> None:
    first, last = date(2026, 11, 1), date(2026, 11, 30)
    assert translate("en").days(first, last) == "November 1, 2026 to November 30, 2026"
    assert translate("zh").days(first, last) == "2026年11月1日至2026年11月30日"
    assert translate("en").days(first, first) == "November 1, 2026"
    assert translate("en").month(first) == "November 2026"
    assert translate("zh").month(first) == "2026年11月"


def test_a_message_that_no_catalog_has_is_an_error_of_the_code() -> None:
    with pytest.raises(KeyError):
        translate("en").text("no such sentence")


def test_the_locales_told_are_those_that_work() -> None:
    assert {translate(locale).language for locale in LOCALES} == {"zh", "en"}
