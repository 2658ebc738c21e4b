"""Wherever a number stands, one of these may: a formula, a table, a fact, a sum, a guided price."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema

from feerules.documents.formulas import Formula as ParsedFormula
from feerules.documents.formulas import FormulaError, parse_formula
from feerules.documents.model import Id, Number, Part, Phrase, Plain, problem_with, refused
from feerules.documents.tables import Table, TableError, is_table, parse_table

__all__ = [
    "Cells",
    "FactValue",
    "Formula",
    "GuidedValue",
    "HitPolicy",
    "Otherwise",
    "SumValue",
    "TableValue",
    "Value",
]

HitPolicy = Literal[
    "unique",
    "any",
    "first",
    "priority",
    "collect",
    "collect+",
    "collect<",
    "collect>",
    "collect#",
    "rule_order",
]


def _not_null(value: Any) -> Any:
    if value is None:
        hint = 'write "null" in quotes for a fact without a value, - for any'
        raise refused([problem_with(value, "wrong_type", expected="a cell", hint=hint)])
    return value


Cells = Annotated[
    dict[Phrase, Annotated[Plain, BeforeValidator(_not_null)]],
    Field(description="conditions: a fact and the cell that it must match"),
]


def _formula(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return parse_formula(value)
    except FormulaError as error:
        raise refused(error.problems_in(value)) from None


def _table(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return parse_table(value)
    except TableError as error:
        raise refused(error.problems) from None


Formula = Annotated[
    ParsedFormula,
    BeforeValidator(_formula),
    WithJsonSchema(
        {
            "type": ["string", "number"],
            "pattern": r"^\s*[^|\s]",
            "description": "a number or a formula over facts",
        }
    ),
]
TableText = Annotated[
    Table, BeforeValidator(_table), WithJsonSchema({"type": "string", "description": "a Markdown pipe table"})
]
Otherwise = Literal["not_charged", "problem"] | Number


class TableValue(Part):
    """A decision table: condition columns named by facts, then the outputs.

    `otherwise` says what holds where no row matches; it may be left out only where the rows cover
    every possible unit.
    """

    short = {"type": "string", "pattern": r"^\s*\|", "description": "a Markdown pipe table"}

    table: TableText | None = None
    file: str | None = Field(None, description="a .csv or .xlsx file beside this document")
    hit: HitPolicy = "unique"
    otherwise: Otherwise | None = None
    priority: tuple[Plain, ...] = Field((), description="for hit: priority, the outputs from first to last")
    output: Phrase | None = Field(None, description="the output column, where its name is not the usual one")
    components: tuple[Phrase, ...] = Field(
        (), description="output columns that add up, each shown on the bill"
    )
    printed: Phrase | None = Field(
        None, description="the column with the total of the components, as printed; a check holds it to them"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"table": value} if isinstance(value, str | Table) else value

    def with_table(self, table: Table) -> TableValue:
        """The same policy over other rows: number outputs only."""
        return self.model_copy(
            update={"table": table, "file": None, "output": None, "components": (), "printed": None}
        )


class FactValue(Part):
    """The value of a fact, with an optional factor: {fact: water_used, times: 0.9}."""

    fact: Phrase
    times: Number = Decimal(1)


class SumValue(Part):
    """A sum of named components, each shown on the bill; a check holds the total that was `printed` to them."""

    sum: dict[Id, Value] = Field(min_length=1)
    printed: Value | None = Field(None, description="the total as printed, which no bill uses")


class GuidedValue(Part):
    """A government-guided price: base × (1 + float), with the float inside what is permitted."""

    base: Value
    float: Value | None = Field(None, description="the float chosen, such as 0.10 or -5%")
    up: Value | None = Field(None, description="the largest permitted float upwards")
    down: ValueOrNoLimit | None = Field(None, description="the same downwards")


def _form(value: Any) -> str | None:
    if isinstance(value, str):
        return "table" if is_table(value) else "formula"
    if isinstance(value, dict):
        for key in ("table", "file", "fact", "sum", "base"):
            if key in value:
                return {"file": "table", "base": "guided"}.get(key, key)
        return None
    return {
        ParsedFormula: "formula", Table: "table", TableValue: "table", FactValue: "fact", SumValue: "sum",
        GuidedValue: "guided",
    }.get(type(value))  # fmt: skip


Value = Annotated[
    Annotated[Formula, Tag("formula")]
    | Annotated[TableValue, Tag("table")]
    | Annotated[FactValue, Tag("fact")]
    | Annotated[SumValue, Tag("sum")]
    | Annotated[GuidedValue, Tag("guided")],
    Discriminator(
        _form,
        custom_error_type="not_a_value",
        custom_error_message="a number, a formula, a table, or a mapping with fact, table, file, sum or base",
    ),
]


class _EitherForm:
    """In JSON Schema: a word may look like a formula too, so one form or both may fit."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        found = handler(core)
        return {"anyOf": found["oneOf"]}


ValueOrNoLimit = Annotated[
    Annotated[Literal["without_limit"], Tag("no_limit")] | Annotated[Value, Tag("value")],
    Discriminator(lambda value: "no_limit" if value == "without_limit" else "value"),
    _EitherForm(),
]
