"""A tree becomes a frozen model; every problem is at its place, told word for word, one for each value."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BeforeValidator, Discriminator, Field, Tag, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from feerules.documents.model import (
    UNPLACED,
    Day,
    DocId,
    Flag,
    Id,
    MonthDay,
    Number,
    Part,
    Phrase,
    Whole,
    Words,
    problem_with,
    refused,
    validate,
)
from feerules.documents.source import Map, Seq, Text, read
from feerules.errors import Problem, Where

MISTAKES = Path(__file__).parent / "data" / "model_mistakes.txt"

# Single values


NUMBERS = {
    "12": "12",
    "2.80": "2.80",
    "0.0005": "0.0005",
    "-1.50": "-1.50",
    "+5": "5",
    "5%": "0.05",
    "-12.5%": "-0.125",
    "007": "7",
    "1234567890123456789012345678901234.56%": "12345678901234567890123456789012.3456",
}


@pytest.mark.parametrize(("text", "value"), NUMBERS.items())
def test_a_number_is_the_digits_that_were_written(text: str, value: str) -> None:
    read_number = TypeAdapter(Number).validate_python(Text(text))
    assert type(read_number) is Decimal
    assert str(read_number) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**15), max_value=10**15))
def test_every_decimal_is_read_back_as_it_was(value: Decimal) -> None:
    assert str(TypeAdapter(Number).validate_python(Text(f"{value:f}"))) == f"{value:f}"


def test_a_number_from_python_is_exact_or_refused() -> None:
    numbers = TypeAdapter(Number)
    assert numbers.validate_python(3) == 3
    assert numbers.validate_python(Decimal("2.80")) == Decimal("2.80")
    for wrong in (2.8, True, Decimal("NaN"), None):
        with pytest.raises(ValidationError):
            numbers.validate_python(wrong)


A_NUMBER = "a number such as 12, 0.05 or 5%"
A_WHOLE = "a whole number such as 12"
A_DAY = "a day such as 2026-01-31"
A_MONTH_DAY = "a month and a day such as 11-15"
IN_CALENDAR = "a day that the calendar has"
TRUTH = "true or false"
SNAKE = "lower-case letters, digits and _, such as management_fee"
KEBAB = "lower-case letters and digits, joined by -, such as jinxiu-garden"
DIGITS = "write digits, and a point before decimals"
ENGLISH = "write an English word here, and the name that people read in title"

# type, what was written, code, found, expected, hint
WRONG: list[tuple[Any, object, str, str, str, str]] = [
    (Number, "１２", "full_width", '"１２" in full-width characters', A_NUMBER, "write 12"),
    (Number, "2．80", "full_width", '"2．80" in full-width characters', A_NUMBER, "write 2.80"),
    (Number, "５％", "full_width", '"５％" in full-width characters', A_NUMBER, "write 5%"),
    (Number, "￥2.80／月", "full_width", '"￥2.80／月" in full-width characters', A_NUMBER, "write 2.80"),
    (Number, "−5", "full_width", '"−5" in full-width characters', A_NUMBER, "write -5"),
    (Number, "2.80元", "wrong_type", '"2.80元" with a unit', A_NUMBER, "write 2.80"),
    (Number, "2.80 元/㎡·月", "wrong_type", '"2.80 元/㎡·月" with a unit', A_NUMBER, "write 2.80"),
    (Number, "¥1,000", "wrong_type", '"¥1,000" with a unit', A_NUMBER, "write 1000"),
    (Number, "1,000.00", "wrong_type", '"1,000.00" with a thousands separator', A_NUMBER, "write 1000.00"),
    (Number, "1 000", "wrong_type", '"1 000" with a thousands separator', A_NUMBER, "write 1000"),
    (Number, "1_000", "wrong_type", '"1_000" with a thousands separator', A_NUMBER, "write 1000"),
    (Number, "1_0", "wrong_type", '"1_0" with _ between digits', A_NUMBER, "write 10"),
    (Number, "2,80", "wrong_type", '"2,80" with a comma for the point', A_NUMBER, "write 2.80"),
    (Number, "1e3", "wrong_type", '"1e3" with an exponent', A_NUMBER, "write 1000"),
    (Number, "5E-4", "wrong_type", '"5E-4" with an exponent', A_NUMBER, "write 0.0005"),
    (Number, "0x10", "wrong_type", '"0x10" in base 16', A_NUMBER, "write 16"),
    (Number, ".5", "wrong_type", '".5" without a digit before the point', A_NUMBER, "write 0.5"),
    (Number, "1.", "wrong_type", '"1." without a digit after the point', A_NUMBER, "write 1"),
    (Number, "5 %", "wrong_type", '"5 %" with a space', A_NUMBER, "write 5%"),
    (Number, " 5", "wrong_type", '" 5" with a space', A_NUMBER, "write 5"),
    (Number, "NaN", "wrong_type", '"NaN"', A_NUMBER, DIGITS),
    (Number, "inf", "wrong_type", '"inf"', A_NUMBER, DIGITS),
    (Number, "1/3", "wrong_type", '"1/3"', A_NUMBER, DIGITS),
    (Number, "两元八", "wrong_type", '"两元八"', A_NUMBER, DIGITS),
    (Number, "1\n", "wrong_type", '"1" with a space', A_NUMBER, "write 1"),
    (Number, "٣", "wrong_type", '"٣"', A_NUMBER, DIGITS),  # an Arabic digit, which \\d would take
    (Number, "", "wrong_type", "an empty text", A_NUMBER, DIGITS),
    (Number, "9" * 41, "wrong_type", "a number of 41 characters", "at most 40 characters", "write the digits that matter"),
    (Number, Seq([Text("1")]), "wrong_type", "a list", A_NUMBER, ""),
    (Number, Map({Text("a"): None}), "wrong_type", "a mapping (a)", A_NUMBER, ""),
    (Number, 2.8, "wrong_type", "2.8 (float)", A_NUMBER, 'give Decimal("2.8"): a float is not exact'),
    (Whole, "2.5", "wrong_type", '"2.5"', A_WHOLE, "write a number without decimals"),
    (Whole, "1,000", "wrong_type", '"1,000" with a thousands separator', A_WHOLE, "write 1000"),
    (Whole, "２", "full_width", '"２" in full-width characters', A_WHOLE, "write 2"),
    (Whole, "three", "wrong_type", '"three"', A_WHOLE, "write digits"),
    (Whole, True, "wrong_type", "True (bool)", A_WHOLE, ""),
    (Day, "2026-2-3", "wrong_type", '"2026-2-3"', A_DAY, "write 2026-02-03"),
    (Day, "2026/02/03", "wrong_type", '"2026/02/03"', A_DAY, "write 2026-02-03"),
    (Day, "2026年2月3日", "wrong_type", '"2026年2月3日"', A_DAY, "write 2026-02-03"),
    (Day, "20260203", "wrong_type", '"20260203"', A_DAY, "write 2026-02-03"),
    (Day, "2026-02-03 00:00", "wrong_type", '"2026-02-03 00:00"', A_DAY, "write 2026-02-03"),
    (Day, "２０２６－０２－０３", "full_width", '"２０２６－０２－０３"', A_DAY, "write 2026-02-03"),
    (Day, "2026-02-30", "no_such_day", '"2026-02-30"', IN_CALENDAR, "2026-02 has 28 days"),
    (Day, "2026-13-01", "no_such_day", '"2026-13-01"', IN_CALENDAR, "months are 01 to 12"),
    (Day, "0000-01-01", "no_such_day", '"0000-01-01"', IN_CALENDAR, "years begin with 0001"),
    (Day, "2026-2-30", "wrong_type", '"2026-2-30"', A_DAY, ""),
    (Day, "tomorrow", "wrong_type", '"tomorrow"', A_DAY, ""),
    (Day, datetime(2026, 1, 1), "wrong_type", "datetime.datetime(2026, 1, 1, 0, 0) (datetime)", A_DAY, ""),
    (MonthDay, "1-5", "wrong_type", '"1-5"', A_MONTH_DAY, "write 01-05"),
    (MonthDay, "11月15日", "wrong_type", '"11月15日"', A_MONTH_DAY, "write 11-15"),
    (MonthDay, "2026-11-15", "wrong_type", '"2026-11-15"', A_MONTH_DAY, "write 11-15"),
    (MonthDay, "１１－１５", "full_width", '"１１－１５"', A_MONTH_DAY, "write 11-15"),
    (MonthDay, "02-30", "no_such_day", '"02-30"', IN_CALENDAR, "month 02 has 29 days"),
    (MonthDay, "13-01", "no_such_day", '"13-01"', IN_CALENDAR, "months are 01 to 12"),
    (Flag, "yes", "wrong_type", '"yes"', TRUTH, "write true"),
    (Flag, "True", "wrong_type", '"True"', TRUTH, "write true"),
    (Flag, "有", "wrong_type", '"有"', TRUTH, "write true"),
    (Flag, "否", "wrong_type", '"否"', TRUTH, "write false"),
    (Flag, "0", "wrong_type", '"0"', TRUTH, "write false"),
    (Flag, "maybe", "wrong_type", '"maybe"', TRUTH, "write true or false"),
    (Id, "Management Fee", "wrong_id", '"Management Fee"', SNAKE, "write management_fee"),
    (Id, "managementFee", "wrong_id", '"managementFee"', SNAKE, "write management_fee"),
    (Id, "management-fee", "wrong_id", '"management-fee"', SNAKE, "write management_fee"),
    (Id, "ｗａｔｅｒ", "wrong_id", '"ｗａｔｅｒ"', SNAKE, "write water"),
    (Id, "物业费", "wrong_id", '"物业费"', SNAKE, ENGLISH),
    (Id, "2nd", "wrong_id", '"2nd"', SNAKE, ENGLISH),
    (Id, "a" * 65, "wrong_id", f'"{"a" * 39}…"', SNAKE, "at most 64 characters"),
    (DocId, "Jinxiu Garden", "wrong_id", '"Jinxiu Garden"', KEBAB, "write jinxiu-garden"),
    (DocId, "jinxiu_garden", "wrong_id", '"jinxiu_garden"', KEBAB, "write jinxiu-garden"),
    (DocId, "a--b", "wrong_id", '"a--b"', KEBAB, "write a-b"),
    (Phrase, " ", "wrong_type", '" "', "a text", ""),
    (Words, "", "wrong_type", "an empty text", "a text, or {zh: …, en: …}", ""),
    (Words, Seq(), "wrong_type", "an empty list", "a text, or {zh: …, en: …}", ""),
    (Words, Map({Text("cn"): Text("x")}), "unknown_key", 'the key "cn"', "one of: zh, en", 'write "zh"'),
    (Words, Map({Text("zh"): None}), "wrong_type", "nothing", "a text", ""),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "value", "code", "found", "expected", "hint"), WRONG)
def test_a_value_that_is_not_of_its_type_is_refused_with_what_to_write(
    type_: Any, value: object, code: str, found: str, expected: str, hint: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(type_).validate_python(Text(value) if isinstance(value, str) else value)
    [error] = caught.value.errors()
    [problem] = error["ctx"]["problems"]
    assert (problem.code, problem.found, problem.expected, problem.hint) == (code, found, expected, hint)
    assert f"found {found}, expected {expected}" in str(caught.value)


@pytest.mark.parametrize(("type_", "value"), [(t, v) for t, v, *_ in WRONG if isinstance(v, str)])
def test_what_a_hint_says_to_write_is_accepted(type_: Any, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(type_).validate_python(Text(value))
    hint = caught.value.errors()[0]["ctx"]["problems"][0].hint
    if hint.startswith("write ") and " " not in hint.removeprefix("write ") and hint != "write digits":
        TypeAdapter(type_).validate_python(Text(hint.removeprefix("write ")))


RIGHT: list[tuple[Any, object, object]] = [
    (Whole, Text("-12"), -12),
    (Day, Text("2024-02-29"), date(2024, 2, 29)),
    (Day, date(2026, 1, 31), date(2026, 1, 31)),
    (MonthDay, Text("02-29"), MonthDay(2, 29)),
    (MonthDay, MonthDay(11, 15), MonthDay(11, 15)),
    (Flag, Text("true"), True),
    (Flag, Text("false"), False),
    (Flag, False, False),
    (Id, Text("water_used_2"), "water_used_2"),
    (DocId, Text("standard-cn-2026"), "standard-cn-2026"),
    (Words, Text("物业费"), Words("物业费", "物业费")),
    (Words, Map({Text("en"): Text("Fee"), Text("zh"): Text("物业费")}), Words("物业费", "Fee")),
    (Words, Map({Text("en"): Text("Fee")}), Words("Fee", "Fee")),
    (Words, Words("a", "b"), Words("a", "b")),
]


@pytest.mark.parametrize(("type_", "written", "value"), RIGHT)
def test_a_value_of_its_type_is_read(type_: Any, written: object, value: object) -> None:
    assert TypeAdapter(type_).validate_python(written) == value


def test_words_are_given_in_the_language_of_the_reader() -> None:
    words = Words("物业费", "Management fee")
    assert [words.in_(locale) for locale in ("zh_CN", "zh-Hans", "en", "de")] == [
        "物业费", "物业费", "Management fee", "Management fee",
    ]  # fmt: skip


# Documents


class Tier(Part):
    up_to: Number
    rate: Number = Field(gt=0)
    count: Whole = Field(1, ge=1, le=9)


class Season(Part):
    from_: MonthDay = Field(alias="from")
    through: MonthDay

    @model_validator(mode="after")
    def _in_order(self) -> Season:
        if self.from_ == self.through:
            found, expected = f"a season of one day, {self.from_}", "two days"
            raise refused([self.problem("one_day", found=found, expected=expected, key="through")])
        return self


class Source(Part):
    document: Phrase
    clause: Phrase | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"document": value} if isinstance(value, str) else value


def _two_words(value: Any) -> Any:
    words = [value.cut(0, 1), value.cut(2, 3)]
    raise refused(problem_with(word, "odd_word", expected="another") for word in words)


def _duration(value: Any) -> int:
    raise PydanticCustomError("wrong_type", "a duration such as 15 days")


def _checked(value: str) -> str:
    if value == "bad":
        raise ValueError("a word that is not bad")
    return value


class Sms(Part):
    kind: Literal["sms"]
    text: Phrase


class Call(Part):
    kind: Literal["call"]
    table: Phrase


class Fee(Part):
    title: Words
    every: Literal["month", "quarter", "half_year"] = "month"
    rate: Number | Literal["free"] | None = None
    lift: Flag = False
    tiers: tuple[Tier, ...] = Field((), min_length=1, max_length=3)
    season: Season | None = None
    step: Tier | Literal["none"] | None = None
    source: Source | None = None
    note: Annotated[str, Field(min_length=2, max_length=4)] = "note"
    count: int = 1
    odd: Annotated[str, BeforeValidator(_two_words)] = ""
    gap: Annotated[int, BeforeValidator(_duration)] = 0
    word: Annotated[str, BeforeValidator(_checked)] = ""
    notice: Annotated[Sms | Call, Field(discriminator="kind")] | None = None
    names: dict[Annotated[str, Field(max_length=3)], Phrase] = {}


class Table(Part):
    table: Phrase
    hit: Literal["first", "unique"] = "first"


class TwoForms(Part):
    rate: Annotated[
        Annotated[Table, Tag("table")] | Annotated[Number, Tag("number")],
        Discriminator(lambda value: "table" if isinstance(value, dict) else "number"),
    ]


class Schedule(Part):
    kind: Literal["fee-schedule"]
    id: DocId
    fees: dict[Id, Fee] = {}
    tags: tuple[Id, ...] = ()


def mistakes() -> Iterator[Any]:
    """Blocks of a title, the text of one fee and, behind ***, what is told of it."""
    for block in MISTAKES.read_text(encoding="utf-8").split("=== ")[1:]:
        title, _, rest = block.partition("\n")
        fee, told = rest.split("\n***\n")
        yield pytest.param(fee, told.strip("\n"), id=title.replace(" ", "-"))


def read_book(document: str) -> tuple[Schedule | None, list[Problem]]:
    tree, problems = read(document, "f.yaml")
    assert problems == []
    assert tree is not None
    return validate(Schedule, tree)


def fee_of(text: str) -> Fee:
    book, problems = read_book(f"kind: fee-schedule\nid: x\nfees:\n  water: {text}\n")
    assert problems == []
    assert book is not None
    return book.fees["water"]


@pytest.mark.parametrize(("fee", "told"), list(mistakes()))
def test_a_mistake_is_told_word_for_word(fee: str, told: str) -> None:
    book, problems = read_book(f"kind: fee-schedule\nid: x\nfees:\n  water: {fee}\n")
    assert book is None
    assert "\n".join(map(str, problems)) == told


def test_every_problem_of_a_document_is_told_in_the_order_of_the_file() -> None:
    document = """\
kind: fee-schedul
id: Jinxiu
fees:
  物业费: {title: x}
  water:
    rate: 2.80元
tags: residential
colour: red
"""
    assert [(str(p.where), p.code) for p in read_book(document)[1]] == [
        ("f.yaml:1:7", "unknown_word"),
        ("f.yaml:2:5", "wrong_id"),
        ("f.yaml:4:3", "wrong_id"),
        ("f.yaml:5:3", "missing_key"),
        ("f.yaml:6:11", "wrong_type"),
        ("f.yaml:7:7", "wrong_type"),
        ("f.yaml:8:1", "unknown_key"),
    ]


def test_a_document_that_is_right_becomes_a_model_of_exact_values() -> None:
    book, problems = read_book("""\
kind: fee-schedule
id: jinxiu-garden
fees:
  management:
    title: {zh: 物业管理费, en: Management fee}
    rate: 2.80
    lift: true
    tiers: [{up_to: 220, rate: 5%}]
    season: {from: 11-15, through: 03-15}
    source: 杭价服[2017]14号
tags: [residential]
""")
    assert problems == []
    assert book == Schedule(
        kind="fee-schedule",
        id="jinxiu-garden",
        fees={
            "management": Fee(
                title=Words("物业管理费", "Management fee"),
                rate=Decimal("2.80"),
                lift=True,
                tiers=(Tier(up_to=Decimal(220), rate=Decimal("0.05")),),
                season=Season(**{"from": MonthDay(11, 15), "through": MonthDay(3, 15)}),
                source=Source(document="杭价服[2017]14号"),
            )
        },
        tags=("residential",),
    )


def test_a_part_knows_where_it_was_written_and_where_each_of_its_values_was() -> None:
    fee = fee_of("{title: x, rate: 2.80, source: 第三条, season: {from: 11-15, through: 03-15}}")
    assert fee.source is not None
    assert fee.season is not None
    places = [
        fee.where,
        fee.where_of("rate"),
        fee.where_of("lift"),
        fee.source.where,
        fee.season.where_of("from"),
    ]
    assert [place.column for place in places] == [10, 27, 10, 41, 61]
    assert fee.problem("odd", found="a", expected="b", key="rate") == Problem(
        "odd",
        Where("f.yaml", 4, 27),
        "a",
        "b",
        excerpt="  water: {title: x, rate: 2.80, source: 第三条, season: {from: 11-15, through: 03-15}}",
    )


def test_ids_and_phrases_stay_texts_with_their_places() -> None:
    book, _ = read_book("kind: fee-schedule\nid: jinxiu\nfees: {water: {title: x}}\ntags: [a, b]\n")
    assert book is not None
    texts = [book.id, *book.fees, *book.tags]
    assert [str(text.where) for text in texts if isinstance(text, Text)] == [
        "f.yaml:2:5", "f.yaml:3:8", "f.yaml:4:8", "f.yaml:4:11",
    ]  # fmt: skip


def test_a_part_made_in_python_has_no_place() -> None:
    tier = Tier(up_to=Decimal(1), rate=Decimal(2))
    assert tier.where == tier.where_of("rate") == UNPLACED
    assert tier.problem("odd", found="a", expected="b").excerpt == ""
    with pytest.raises(ValidationError, match='found "x", expected a number such as 12'):
        TypeAdapter(Tier).validate_python({"up_to": "x", "rate": 1})


def test_parts_are_equal_when_they_say_the_same_wherever_they_stand() -> None:
    one, other = fee_of("{title: x, rate: 2.80}"), fee_of("{rate: 2.8, title: x}")
    assert one.where_of("rate") != other.where_of("rate")
    assert one == other
    assert one != fee_of("{title: x, rate: 2.81}")
    assert hash(Tier(up_to=Decimal(1), rate=Decimal(2))) == hash(Tier(up_to=Decimal("1.0"), rate=Decimal(2)))


def test_a_part_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        fee_of("{title: x}").rate = Decimal(1)  # type: ignore[misc]


def test_a_part_keeps_its_places_through_pickle() -> None:
    fee = fee_of("{title: x, rate: 2.80}")
    other = pickle.loads(pickle.dumps(fee))
    assert other == fee
    assert other.where_of("rate") == fee.where_of("rate")


def test_a_model_is_dumped_as_plain_json() -> None:
    fee = fee_of("{title: {zh: 水费, en: Water}, rate: 1.90, season: {from: 11-15, through: 03-15}}")
    assert fee.model_dump(mode="json", exclude_defaults=True, by_alias=True) == {
        "title": {"zh": "水费", "en": "Water"},
        "rate": "1.90",
        "season": {"from": "11-15", "through": "03-15"},
    }


def test_importing_a_part_builds_no_schema() -> None:
    class Fresh(Part):
        day: Day

    assert not Fresh.__pydantic_complete__
    assert Fresh(day=date(2026, 1, 1)).day == date(2026, 1, 1)


def test_a_value_that_two_members_of_a_union_share_the_name_of_is_found_all_the_same() -> None:
    tree, _ = read("rate: {table: x, hit: second}\n", "f")
    assert tree is not None
    assert [str(p.where) for p in validate(TwoForms, tree)[1]] == ["f:1:23"]


# What an editor is told: plain YAML of the right form, and nothing else.

SCHEMAS: list[tuple[Any, list[object], list[object]]] = [
    (Number, [2.8, 3, "2.80", "5%", "-1"], ["2.80元", "1e3", True, None]),
    (Whole, [3], [2.5, "x"]),
    (Day, ["2026-01-31"], [2026]),
    (MonthDay, ["11-15"], ["11-32", "1-1", 11]),
    (Flag, [True, False], ["yes", 1]),
    (Id, ["water_used"], ["Water", "water-used", "a" * 65]),
    (DocId, ["jinxiu-garden"], ["jinxiu_garden", "a--b"]),
    (Phrase, ["第三条"], ["", 3]),
    (Words, ["物业费", {"zh": "物业费"}, {"zh": "a", "en": "b"}], ["", {}, {"cn": "a"}, {"zh": ""}, 3]),
    (
        Season,
        [{"from": "11-15", "through": "03-15"}],
        [{"from_": "11-15", "through": "03-15"}, {"from": "11-15"}],
    ),
]


@pytest.mark.parametrize(("type_", "right", "wrong"), SCHEMAS)
def test_the_json_schema_takes_plain_yaml_of_the_right_form(
    type_: Any, right: list[object], wrong: list[object]
) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(TypeAdapter(type_).json_schema())
    assert [value for value in right if not validator.is_valid(value)] == []
    assert [value for value in wrong if validator.is_valid(value)] == []


@given(st.recursive(
    st.none() | st.text(max_size=5).map(Text) | st.sampled_from(["1", "x", "free", "month", "２"]).map(Text),
    lambda inner: st.lists(inner, max_size=3).map(Seq) | st.dictionaries(
        st.sampled_from(["title", "rate", "tiers", "step", "source", "notice", "kind", "up_to", "from", "zh"]).map(Text),
        inner, max_size=5,
    ).map(Map),
    max_leaves=20,
))  # fmt: skip
def test_any_tree_gives_a_model_or_problems_and_never_an_exception(value: Any) -> None:
    model, problems = validate(Schedule, Map({Text("fees"): Map({Text("water"): value})}))
    assert model is None
    assert all(problem.found and problem.expected for problem in problems)
    assert len(set(problems)) == len(problems)
