"""Findings on acts: what the steps of a ladder do to debtors or announce, by the law profile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from feerules.checks.findings import Finding, finding
from feerules.checks.profiles import Law, LawfulAct, plain_text, titled, under, with_hint
from feerules.documents.policy import Step
from feerules.errors import nearest
from feerules.wording import sentence

__all__ = ["OF_COURTS", "acts_in", "check_acts", "doing"]

# Where a step of this channel alone is the act itself, on any other it is a message about it.
OF_COURTS = frozenset(("court",))
# What is said not to happen: 不会停水停电. A 不 alone is no such word: 不缴停水.
NEGATED = re.compile(
    r"(?:(?:不会|不得|不应|不可|不再|绝不|勿|禁止|严禁)[^，。；、,.;]{0,6}|(?:never|not|no|without) (?:\w+ ){0,2})$"
)


def check_acts(step: Step, law: Law) -> Iterator[Finding]:
    told: set[tuple[str, str]] = set()
    for how, key, text in chain(_declared(step), _said(step)):
        acts = [*acts_in(text, law, declared=key in ("does", "announces"))]
        if not acts and key in ("does", "announces"):
            yield from _unknown(step, key, text, law)
        for act in acts:
            if act.severity is not None and (act.id, how) not in told:
                told.add((act.id, how))
                found = finding(
                    "unlawful_act", act.severity, step.where_of(key), HOW[how],
                    sentence("take it out of {step}"), basis=act.basis, step=titled(step, step.id), act=act.title,
                )  # fmt: skip
                yield with_hint(found, act.hint)


HOW = {
    "does": sentence("{step} does this to a debtor: {act}"),
    "announces": sentence("{step} announces this to a debtor: {act}"),
}


def _declared(step: Step) -> Iterator[tuple[str, str, str]]:
    yield from (("does", "does", word) for word in step.does)
    yield from (("announces", "announces", word) for word in step.announces)


def _said(step: Step) -> Iterator[tuple[str, str, str]]:
    """What its names say of what it does."""
    how = "does" if is_act_itself(step) else "announces"
    yield how, "id", step.id
    if step.title is not None:
        yield from ((how, "title", text) for text in dict.fromkeys((step.title.zh, step.title.en)) if text)
    if step.template is not None:
        yield "announces", "template", step.template


def is_act_itself(step: Step) -> bool:
    """Whether a step that is called after an act does it: what goes out by a channel tells of it."""
    return {each.channel for each in step.channels} <= OF_COURTS


def doing(step: Step, law: Law) -> Iterator[LawfulAct]:
    """The acts that a step does, as it declares them or is called."""
    texts = [*step.does, *(text for how, _, text in _said(step) if how == "does")]
    yield from {
        act.id: act for text in texts for act in acts_in(text, law, declared=text in step.does)
    }.values()


def acts_in(text: str, law: Law, *, declared: bool) -> Iterator[LawfulAct]:
    """The acts that a text names or speaks of; what is said not to happen is none."""
    named = law.acts.get(re.sub(r"[\s-]+", "_", text.strip().lower()))
    if named is not None:
        yield named
        return
    plain = plain_text(text)
    for act in law.acts.values():
        if _holds(plain, act):
            yield act


def _holds(text: str, act: LawfulAct) -> bool:
    for other in act.but:
        text = text.replace(other, " ")
    for word in act.words:
        edge = r"\b" if word.isascii() else ""
        for found in re.finditer(f"{edge}{re.escape(word)}{edge}", text):
            if not NEGATED.search(text[: found.start()]):
                return True
    return False


def _unknown(step: Step, key: str, text: str, law: Law) -> Iterator[Finding]:
    near = nearest(text.replace("-", "_"), law.acts)
    hint = (
        sentence("write {near}")
        if near
        else sentence("name it as a law profile does, or add it to one of your own under acts")
    )
    yield from under(
        law, "unknown_act", step.where_of(key), sentence('{step} has the act "{act}", of which the law profile says nothing'),
        hint, step=titled(step, step.id), act=text, near=near,
    )  # fmt: skip
