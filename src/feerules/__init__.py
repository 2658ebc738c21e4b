"""Fee standards and dunning policies of property management as declarative rules."""

from feerules.bill import Bill, BillLine, Step
from feerules.book import Book
from feerules.cases import CaseResult, run_cases
from feerules.documents.cells import Cell, CellError
from feerules.errors import FeeRulesError, MissingExtra, Problem, RuleErrors, UnitErrors, UnitProblem, Where
from feerules.load import load, load_files
from feerules.periods import Period
from feerules.pricing import price, price_estate, reconcile
from feerules.reports import (
    EntryErrors,
    EntryProblem,
    ageing_report,
    arrears_ledger,
    collection_rate,
    roll_forward,
    titles,
    workload,
)
from feerules.schemas import schema

__all__ = [
    "Bill",
    "BillLine",
    "Book",
    "CaseResult",
    "Cell",
    "CellError",
    "EntryErrors",
    "EntryProblem",
    "FeeRulesError",
    "MissingExtra",
    "Period",
    "Problem",
    "RuleErrors",
    "Step",
    "UnitErrors",
    "UnitProblem",
    "Where",
    "ageing_report",
    "arrears_ledger",
    "collection_rate",
    "load",
    "load_files",
    "price",
    "price_estate",
    "reconcile",
    "roll_forward",
    "run_cases",
    "schema",
    "titles",
    "workload",
]
