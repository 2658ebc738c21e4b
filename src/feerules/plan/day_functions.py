"""The functions of formulas that ask days and moments: what lies between them, and their parts."""

from __future__ import annotations

from abc import ABC, abstractmethod

from feerules.documents.arithmetic import Call, Num
from feerules.documents.facts import FactKind
from feerules.documents.formulas import Node as Expr
from feerules.plan.bounds import Builder
from feerules.plan.days import PARTS_OF_DAYS, day_of_moment, month_end, months_between
from feerules.plan.names import Refused
from feerules.plan.units import Term

__all__ = ["DayFunctions"]

MOST_LATER = 3650


class DayFunctions(ABC):
    """What a formula needs to have for these functions, and the functions by their names."""

    b: Builder

    @abstractmethod
    def moment(self, expr: Expr, expected: str, *kinds: FactKind) -> Term:
        """A term that is a day or a moment; raises `Refused`."""

    @abstractmethod
    def refuse(self, expr: Expr, code: str, found: str, expected: str, hint: str = "") -> Refused:
        """Notes a problem at a place of the formula."""

    @abstractmethod
    def _text(self, expr: Expr) -> str:
        """A part of the formula as it is written."""

    def _days_between_of(self, expr: Call) -> Term:
        start, end = (self.moment(arg, "a date", "date") for arg in expr.args)
        return Term(self.b.sub(end.node, start.node), "integer", ("day",))

    def _months_between_of(self, expr: Call) -> Term:
        start, end = (self.moment(arg, "a date", "date") for arg in expr.args)
        return Term(months_between(self.b, start.node, end.node), "integer", ("month",))

    def _month_end_of(self, expr: Call) -> Term:
        """The last day of the month in which a day falls, or the day so many days after it."""
        day = self.moment(expr.args[0], "a date", "date").node
        if len(expr.args) > 1:
            day = self.b.add(day, self.b.const(self._days(expr.args[1])))
        return Term(month_end(self.b, day), "date")

    def _days(self, expr: Expr) -> int:
        if isinstance(expr, Num) and expr.value == int(expr.value) and expr.value <= MOST_LATER:
            return int(expr.value)
        expected = f"a whole number of days, at most {MOST_LATER}"
        raise self.refuse(expr, "wrong_type", f"{self._text(expr)} as the days of month_end()", expected)

    def _minutes_between_of(self, expr: Call) -> Term:
        start, end = (self.moment(arg, "a moment, such as entered_at", "datetime") for arg in expr.args)
        return Term(self.b.sub(end.node, start.node), "integer", ("minute",))

    def _part_of(self, expr: Call) -> Term:
        """The year, month, day or weekday of a day, or of the day that holds a moment."""
        term = self.moment(expr.args[0], "a day or a moment", "date", "datetime")
        day = term.node if term.kind == "date" else day_of_moment(self.b, term.node)
        return Term(PARTS_OF_DAYS[expr.name](self.b, day), "integer")
