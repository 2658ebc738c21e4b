"""One value of a document changed where it stands: nothing else says anything else than before."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from feerules.documents.editing import added, replaced, taken_out, value_at

GARDEN = """\
kind: fee-schedule
effective: {from: 2026-01-01}  # the first day
fees:
  management:
    per: area
    rate: |
      | type | rate |
      |------|------|
      | home | 2.80 |
    payer: &payer |
      | let  | payer  |
      | true | tenant |
    # what is off
    adjustments:
      - {title: empty, times: 0.70}  # for now
      - title: paid ahead
        times: 0.95
    tax: 6%  # included
  water:
    rate: 3.40
    payer: *payer
"""
AT = ("fees", "management")

EDITS = [
    ("a number in a block", replaced, (*AT, "tax"), "9%", ["-    tax: 6%  # included", "+    tax: 9%  # included"]),
    (
        "a number between braces",
        replaced,
        (*AT, "adjustments", 0, "times"),
        "0.50",
        [
            "-      - {title: empty, times: 0.70}  # for now",
            "+      - {title: empty, times: 0.50}  # for now",
        ],
    ),
    (
        "a table in place of a number, which has no comment behind it",
        replaced,
        (*AT, "tax"),
        "| a |\n| 1 |",
        ["-    tax: 6%  # included", "+    tax: |", "+      | a |", "+      | 1 |"],
    ),
    (
        "a cell with a sign",
        replaced,
        (*AT, "tax"),
        "> 3",
        ["-    tax: 6%  # included", '+    tax: ">_3"  # included'.replace("_", " ")],
    ),
    ("nothing", replaced, (*AT, "tax"), None, ["-    tax: 6%  # included", "+    tax: ~  # included"]),
    (
        "an item of a list",
        replaced,
        (*AT, "adjustments", 1),
        {"times": "1"},
        ["-      - title: paid ahead", "-        times: 0.95", "+      - {times: 1}"],
    ),
    ("a key more", added, (*AT, "minimum"), "100", ["+    minimum: 100"]),
    ("a key more between braces", added, ("effective", "through"), "2026-12-31",
     ["-effective: {from: 2026-01-01}  # the first day", "+effective: {from: 2026-01-01, through: 2026-12-31}  # the first day"]),
    ("an item more", added, (*AT, "adjustments", 1), {"times": "1"}, ["+      - {times: 1}"]),
    ("an item at the end", added, (*AT, "adjustments", 2), {"times": "1"}, ["+      - {times: 1}"]),
    ("a key less", taken_out, (*AT, "tax"), None, ["-    tax: 6%  # included"]),
    ("an item less", taken_out, (*AT, "adjustments", 0), None, ["-      - {title: empty, times: 0.70}  # for now"]),
    ("a key less between braces", taken_out, (*AT, "adjustments", 0, "title"), None,
     ["-      - {title: empty, times: 0.70}  # for now", "+      - {times: 0.70}  # for now"]),
    ("what an alias stands for, in one place", replaced, ("fees", "water", "payer"), "owner",
     ["-    payer: *payer", "+    payer: owner"]),
    ("what an alias repeats, and not the alias", replaced, (*AT, "payer"), "owner",
     ["-    payer: &payer |", "-      | let  | payer  |", "-      | true | tenant |", "+    payer: owner",
      "-    payer: *payer", "+    payer: |", "+      | let  | payer  |", "+      | true | tenant |"]),
]  # fmt: skip


def difference(before: str, after: str) -> list[str]:
    from difflib import ndiff

    lines = ndiff(before.splitlines(), after.splitlines())
    return [line[0] + line[2:] for line in lines if line[0] in "+-"]


@pytest.mark.parametrize(
    ("edit", "at", "value", "expected"), [case[1:] for case in EDITS], ids=[case[0] for case in EDITS]
)
def test_an_edit_changes_the_lines_that_it_must(edit: Any, at: Any, value: Any, expected: list[str]) -> None:
    text = edit(GARDEN, at) if edit is taken_out else edit(GARDEN, at, value)
    assert sorted(difference(GARDEN, text)) == sorted(expected)


# Any document, any place in it

words = st.text("abc 12.%>:#-,'\"", max_size=6) | st.sampled_from(
    ["true", "no", "~", "| a |\n| 1 |\n", "住宅"]
)
trees = st.recursive(
    words | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c d", "e"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def places(tree: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [at, *(place for key, value in items for place in places(value, (*at, key)))]


def written(tree: Any, *, flow: bool) -> str:
    return yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=True, sort_keys=False, width=1000)


def said(tree: Any) -> Any:
    """The tree as a reader of texts has it: a table ends with one line break, however it was written."""
    if isinstance(tree, dict):
        return {key: said(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [said(value) for value in tree]
    return tree.strip("\n") if tree is not None and "\n" in tree else tree


def held(tree: Any, at: tuple[Any, ...]) -> Any:
    for step in at:
        tree = tree[step]
    return tree


@given(st.dictionaries(st.sampled_from(["k", "l", "m"]), trees, min_size=1), trees, st.booleans(), st.data())
def test_whatever_is_put_in_stands_there_and_all_else_as_before(
    tree: dict[str, Any], value: Any, flow: bool, data: Any
) -> None:
    text = written(tree, flow=flow)
    at = data.draw(st.sampled_from(places(tree)[1:]))
    expected: Any = deepcopy(tree)
    held(expected, at[:-1])[at[-1]] = value
    assert said(value_at(replaced(text, at, value), ())) == said(expected)


@given(st.dictionaries(st.sampled_from(["k", "l", "m"]), trees, min_size=1), trees, st.booleans(), st.data())
def test_what_is_added_or_taken_out_leaves_all_else_as_before(
    tree: dict[str, Any], value: Any, flow: bool, data: Any
) -> None:
    text = written(tree, flow=flow)
    at = data.draw(st.sampled_from(places(tree)[1:]))
    less: Any = deepcopy(tree)
    del held(less, at[:-1])[at[-1]]
    assert said(value_at(taken_out(text, at), ())) == said(less)
    holder = held(tree, at[:-1])
    key = "new" if isinstance(holder, dict) else at[-1]
    more: Any = deepcopy(tree)
    if isinstance(holder, dict):
        held(more, at[:-1])[key] = value
    else:
        held(more, at[:-1]).insert(key, value)
    assert said(value_at(added(text, (*at[:-1], key), value), ())) == said(more)
