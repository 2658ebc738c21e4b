"""Fee standards and dunning policies of property management as declarative rules."""

from feerules.account_estates import classify_estate, next_actions, positions
from feerules.arrears import Arrears, classify
from feerules.assessing import position
from feerules.bill import Bill, BillLine, Step
from feerules.book import Book
from feerules.checking import check
from feerules.checks.findings import Basis, Finding
from feerules.comparisons import compare, grid
from feerules.decisions import Act, Clear, Decision, Hold, Reason, Review, Wait
from feerules.documents.cells import Cell, CellError
from feerules.dunning import next_action
from feerules.errors import FeeRulesError, MissingExtra, Problem, RuleErrors, UnitErrors, UnitProblem, Where
from feerules.in_sql import to_sql
from feerules.ledger.accounts import Account
from feerules.ledger.entries import Allocation, Charge, Event, Party, Payment
from feerules.ledger.position import Position
from feerules.load import load, load_files
from feerules.notices import (
    Notice,
    NoticeError,
    ShortMessage,
    action_notice,
    capital_amount,
    demand,
    estate_notices,
    fee_notice,
    fee_notices,
    notice,
    payment_notice,
    price_table,
    reminder,
)
from feerules.periods import Period, PeriodError
from feerules.policy_trials import compare_policies, simulate, try_policies
from feerules.pricing import price, price_estate, reconcile
from feerules.proving.cases import run_cases
from feerules.proving.coverage import Coverage, coverage
from feerules.proving.generated import GeneratedCases, generate_cases
from feerules.proving.results import CaseResult
from feerules.reporting import charts, report
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
from feerules.statements.statement import Statement
from feerules.whatif.changes.change import Change, Diff
from feerules.whatif.changes.diff import diff
from feerules.whatif.reforms.reform import Reform

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
    "Change",
    "Charge",
    "Clear",
    "Coverage",
    "Decision",
    "Diff",
    "EntryErrors",
    "EntryProblem",
    "Event",
    "FeeRulesError",
    "Finding",
    "GeneratedCases",
    "Hold",
    "MissingExtra",
    "Notice",
    "NoticeError",
    "Party",
    "Payment",
    "Period",
    "PeriodError",
    "Position",
    "Problem",
    "Reason",
    "Reform",
    "Review",
    "RuleErrors",
    "ShortMessage",
    "Statement",
    "Step",
    "UnitErrors",
    "UnitProblem",
    "Wait",
    "Where",
    "action_notice",
    "ageing_report",
    "arrears_ledger",
    "capital_amount",
    "charts",
    "check",
    "classify",
    "classify_estate",
    "collection_rate",
    "compare",
    "compare_policies",
    "coverage",
    "demand",
    "diff",
    "estate_notices",
    "fee_notice",
    "fee_notices",
    "generate_cases",
    "grid",
    "load",
    "load_files",
    "next_action",
    "next_actions",
    "notice",
    "payment_notice",
    "position",
    "positions",
    "price",
    "price_estate",
    "price_table",
    "reconcile",
    "reminder",
    "report",
    "roll_forward",
    "run_cases",
    "schema",
    "simulate",
    "titles",
    "to_sql",
    "try_policies",
    "workload",
]
