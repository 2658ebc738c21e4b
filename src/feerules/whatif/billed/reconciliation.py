"""How a book's bills compare with those that were sent, and why they differ: the answer of `reconcile`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from feerules.whatif.billed.causes import Cause
from feerules.wording import sentence, translate

__all__ = ["STATES", "Reconciliation"]

STATES = ("matched", "different", "missing", "extra")
APART = STATES[1:]
HEAD = sentence("Reconciliation of {period}")
WIDEST_TITLE = 100


@dataclass(frozen=True)
class Reconciliation:
    """How a book's bills compare with those that were sent, by unit and fee, and the probable causes.

    `rows` has unit_id, fee, `ours`, `billed`, `difference` (ours − billed), state: matched, different,
    missing (we charge, they did not) or extra (they charged, we do not), and `cause`, the id of the
    cause that explains the line (null: it matches, or nothing explains it). `summary` gives for each
    state its count and sums, `causes` what the other system probably does otherwise, the one that
    explains most lines first, and `unexplained` the count and sums of the lines that no cause explains.
    Units that could not be priced stand in `problems`, and what was billed to them under state "problem".
    """

    rows: Any
    problems: Any
    summary: Mapping[str, Mapping[str, Any]]
    digest: str
    period: str = ""
    causes: tuple[Cause, ...] = ()
    unexplained: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        head = f"{'':10}{'count':>10}{'ours':>18}{'billed':>18}{'difference':>18}"
        told = [_row(state, each) for state, each in self.summary.items()]
        if self.causes and self.unexplained is not None:
            causes = [
                f"{each.count:>10,}{each.difference:>18,}  {each.fee}: {_cut(each.title('en'))}"
                for each in self.causes
            ]
            rest = self.unexplained
            told += ["", f"{'count':>10}{'difference':>18}  probable cause", *causes]
            told += [f"{rest['count']:>10,}{rest['difference']:>18,}  unexplained"]
        return "\n".join([head, *told])

    def explain(self, locale: str = "zh_CN") -> str:
        """A short report to read: how much matches, each cause with what speaks for it, and what is left."""
        words = translate(locale)
        count = sum(each["count"] for each in self.summary.values())
        matched, problems = self.summary["matched"]["count"], self.summary.get("problem", {}).get("count", 0)
        sums = {
            name: sum((each[name] for each in self.summary.values()), Decimal("0.00"))
            for name in ("ours", "billed", "difference")
        }
        numbers = {"count": count, "matched": matched, "apart": count - matched - problems}
        told = [
            words.text(HEAD, period=self.period),
            words.told(
                (
                    words.text(
                        "Of {count} lines, {matched} match and {apart} do not.",
                        **{name: words.number(Decimal(each)) for name, each in numbers.items()},
                    ),
                    words.text(
                        "In all the book charges {ours}, and {billed} was billed: {difference}.",
                        **{name: words.number(each, 2) for name, each in sums.items()},
                    ),
                )
            ),
        ]
        told += [f"{number}. {each.explain(locale)}" for number, each in enumerate(self.causes, start=1)]
        rest = self.unexplained or {"count": 0}
        if rest["count"]:
            told.append(
                words.text(
                    "Lines unexplained: {count}; ours − billed: {difference}.",
                    count=words.number(Decimal(rest["count"])),
                    difference=words.number(rest["difference"], 2),
                )
            )
        elif self.causes:
            told.append(words.text("Every difference is explained."))
        if problems:
            told.append(
                words.text("Lines of units with problems: {count}.", count=words.number(Decimal(problems)))
            )
        return "\n".join(told)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON of all but the frames: money as text."""
        return {
            "period": self.period,
            "digest": self.digest,
            "summary": {state: _plain(each) for state, each in self.summary.items()},
            "causes": [each.to_dict() for each in self.causes],
            "unexplained": None if self.unexplained is None else _plain(self.unexplained),
        }


def _cut(title: str) -> str:
    return title if len(title) <= WIDEST_TITLE else f"{title[: WIDEST_TITLE - 1]}…"


def _row(state: str, each: Mapping[str, Any]) -> str:
    return f"{state:10}{each['count']:>10,}{each['ours']:>18,}{each['billed']:>18,}{each['difference']:>18,}"


def _plain(sums: Mapping[str, Any]) -> dict[str, Any]:
    return {name: format(value, "f") if isinstance(value, Decimal) else value for name, value in sums.items()}
