"""Fee standards and dunning policies of property management as declarative rules."""

from feerules.account_estates import classify_estate, next_actions, positions
from feerules.arrears import Arrears, classify
from feerules.assessing import position
from feerules.bill import Bill, BillLine, Step
from feerules.book import Book
from feerules.checking import check
from feerules.checks.findings import Basis, Finding
from feerules.decisions import Act, Clear, Decision, Hold, Reason, Review, Wait
from feerules.documents.cells import Cell, CellError
from feerules.dunning import next_action
from feerules.errors import FeeRulesError, MissingExtra, Problem, RuleErrors, UnitErrors, UnitProblem, Where
from feerules.ledger.accounts import Account
from feerules.ledger.entries import Allocation, Charge, Event, Party, Payment
from feerules.ledger.position import Position
from feerules.load import load, load_files
from feerules.periods import Period, PeriodError
from feerules.pricing import price, price_estate, reconcile
from feerules.proving.cases import run_cases
from feerules.proving.coverage import Coverage, coverage
from feerules.proving.generated import GeneratedCases, generate_cases
from feerules.proving.results import CaseResult
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
    "Account",
    "Act",
    "Allocation",
    "Arrears",
    "Basis",
    "Bill",
    "BillLine",
    "Book",
    "CaseResult",
    "Cell",
    "CellError",
    "Charge",
    "Clear",
    "Coverage",
    "Decision",
    "EntryErrors",
    "EntryProblem",
    "Event",
    "FeeRulesError",
    "Finding",
    "GeneratedCases",
    "Hold",
    "MissingExtra",
    "Party",
    "Payment",
    "Period",
    "PeriodError",
    "Position",
    "Problem",
    "Reason",
    "Review",
    "RuleErrors",
    "Step",
    "UnitErrors",
    "UnitProblem",
    "Wait",
    "Where",
    "ageing_report",
    "arrears_ledger",
    "check",
    "classify",
    "classify_estate",
    "collection_rate",
    "coverage",
    "generate_cases",
    "load",
    "load_files",
    "next_action",
    "next_actions",
    "position",
    "positions",
    "price",
    "price_estate",
    "reconcile",
    "roll_forward",
    "run_cases",
    "schema",
    "titles",
    "workload",
]
