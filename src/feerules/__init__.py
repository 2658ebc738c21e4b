"""Fee standards and dunning policies of property management as declarative rules."""

from feerules.bill import Bill, BillLine, Step
from feerules.book import Book
from feerules.cases import CaseResult, run_cases
from feerules.documents.cells import Cell, CellError
from feerules.errors import FeeRulesError, MissingExtra, Problem, RuleErrors, UnitErrors, UnitProblem, Where
from feerules.ledger.entries import Account, Allocation, Charge, Event, Party, Payment
from feerules.ledger.position import Position
from feerules.load import load, load_files
from feerules.periods import Period
from feerules.pricing import price, price_estate, reconcile
from feerules.schemas import schema

__all__ = [
    "Account",
    "Allocation",
    "Bill",
    "BillLine",
    "Book",
    "CaseResult",
    "Cell",
    "CellError",
    "Charge",
    "Event",
    "FeeRulesError",
    "MissingExtra",
    "Party",
    "Payment",
    "Period",
    "Position",
    "Problem",
    "RuleErrors",
    "Step",
    "UnitErrors",
    "UnitProblem",
    "Where",
    "load",
    "load_files",
    "price",
    "price_estate",
    "reconcile",
    "run_cases",
    "schema",
]
