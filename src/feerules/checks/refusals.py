"""What keeps rules from loading, as findings: the words of a problem, in Chinese too where the catalogs have them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from feerules.checks.findings import LANGUAGES, Finding
from feerules.checks.sayings import REFUSAL, SAYINGS
from feerules.errors import Problem
from feerules.wording import Wording, sentence, translate

__all__ = ["RETOLD", "from_problem"]

# Hints that say what to write, and nothing else.
TO_WRITE = re.compile(
    r"write (?:\S+|[\[{\"].*|\w+: .*|\w+\(.*\)|a fee for each|a mapping such as .*|the digits that matter|the value, or .*|one .*|each as .*|two adj.*)"
)
FOUND = sentence("{found}; expected: {expected}")
RECORDS = (sentence("unit"), sentence("account"))

# What is said of these problems when rules are loaded, by code, the longer before what it begins with: the catalogs
# know each under its code; what many codes share stands under `refusal`. Others are told in English alone.
RETOLD: Mapping[str, tuple[str, ...]] = {
    "gap": (
        "no row for {point}",
        "a row for every {record}, or otherwise:",
        "a row for every {record}",
        "add a row such as {row}, or say otherwise: not_charged, or otherwise: problem",
        "add a row such as {row}",
    ),
    "overlap": (
        "rows {rows} both match {point}, and say the same: {output}",
        "rows {rows} both match {point}, and say {outputs}",
        "{outputs} from rows that both match {point}",
        "at most one row for each {record}",
        "the same output wherever rows overlap (hit: any)",
        "narrow a row, or say hit: first",
        "delete a row, or say hit: any",
    ),
    "outside_domain": (
        '"{cell}", which no {fact} can match',
        "values from {lo} to {hi} with at most {places} decimals",
        "values from {lo} to {hi} without decimals",
        "values from {lo} to {hi}",
        "one of {words}",
        "declare {fact} as optional: true",
        "mend the cell, or the domain of {fact}",
    ),
    "unreachable_row": (
        "row {row}, below row {other}, which holds for every account",
        "a row of - as the last one",
        "move row {row} to the end",
    ),
    "overlapping_tiers": (
        "a band up to {high} after one up to {low}",
        "bounds that rise from row to row",
        "sort the rows, or mend the bound",
        '"{cell}" before the last band',
        "a bound",
        "only the last band has no end",
    ),
    "unreachable_step": (
        "the step {step}, which asks of {fact} what can never be",
        "conditions that can hold together",
        "change what it asks of {fact}, or take one of them out",
        '{step}, which waits until {other} was done "{cell}" {unit} ago, and that is in force for {days}',
        '{step}, which waits until {other} was done "{cell}" {unit} ago',
        "a time in which {other} is in force",
        "wait less, or lengthen in_force of {other}",
        "{step}, which is due only where the stop {stop} holds",
        "a step that the stop lets through",
        "write lets_through: [{step}] at {stop}",
        "{step}, before which {other} is due each time",
        "a step that is sometimes the first of those that are due",
        "write at_most: 1 at {other}, or move {step} above it",
        "write at_most: 1 at {other}, or move {step} below it",
        "{step}, which comes before {other} and waits for it",
        "steps in the order in which they are done",
        "move it below {other}",
        "{ring}, steps that wait for each other",
        "{step}, which waits for itself",
        "a step that can begin",
        "take after: out of {step}",
    ),
    "endless_step": (
        "the step {step}, which is done every day without an end",
        "gap: or at_most:",
        "write gap: 5 days, at_most: 6",
    ),
    "no_review": (
        "the stop {stop}, which nothing ends",
        "review: or until:",
        "write review: 30 days",
        "the stop {stop}, until {day}, a day that may be missing or past",
        "review: beside it, for where that day ends nothing",
        "add review: 30 days",
    ),
    "no_demand": (
        "{step}, a legal step, and no step that demands",
        "a demand: a legal step counts only charges that a delivered, expired demand covered",
        "add a step with must_be: delivered and period: 15 days",
    ),
    "tier_gap": (
        "a last band that ends at {bound}",
        "a last band without end",
        "add the row {row}",
        "write {bound}",
    ),
    REFUSAL: SAYINGS,
}


def from_problem(problem: Problem) -> Finding:
    """What keeps rules from loading, as a finding: an error, in the words of the problem."""
    message: dict[str, str] = {}
    hint: dict[str, str] = {}
    for language in LANGUAGES:
        words = translate(language)
        found, expected, hint[language] = (
            _retold(text, problem.code, words) for text in (problem.found, problem.expected, problem.hint)
        )
        if problem.code == "overlap" and language == "zh":
            found = found.replace(" and ", "、")  # between numbers of rows, and between outputs
        message[language] = words.text(FOUND, found=found, expected=expected)
    witness = (dict(problem.witness),) if problem.witness else ()
    return Finding(problem.code, "error", problem.where, message, hint, witness, excerpt=problem.excerpt)


def _retold(english: str, code: str, words: Wording) -> str:
    """A text in the words of its code, else in those that many codes share, else as it is."""
    said = words.retold(english, code, RECORDS)
    if said != english or (english.startswith("write ") and not TO_WRITE.fullmatch(english)):
        return said
    return words.retold(english, REFUSAL, RECORDS)
