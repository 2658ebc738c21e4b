"""From a letter to a notice: its data as a locale writes them, laid out by the templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from feerules.notices.letters import Letter
from feerules.notices.results import Notice
from feerules.notices.sms import short_message, signed
from feerules.notices.templates import Templates
from feerules.wording import Wording

__all__ = ["written"]


def written(
    letter: Letter, kind: str, words: Wording, templates: Templates, key: str, audience: str,
    recipient_id: str | None, needs_approval: str | None, at_most_segments: int | None,
) -> Notice:  # fmt: skip
    """The notice; `key` is the template that a policy names, or the kind."""
    told = _laid_out(letter, kind, words)
    if templates.texts:  # the shipped layouts look at the parts of the letter alone
        told = _data(letter, words) | told

    def laid_out(form: str) -> str:
        return templates.render(key, kind, words.language, form, audience, told)

    text, html = laid_out("txt"), laid_out("html")
    said = " ".join(laid_out("sms").split())
    sms = short_message(signed(said, letter.sender.signature), at_most_segments) if said else None
    return Notice(
        kind, str(words.locale), letter.title, text, html, sms, letter.data, key, audience, recipient_id,
        needs_approval, tuple(letter.warnings),
    )  # fmt: skip


def _data(letter: Letter, words: Wording) -> dict[str, Any]:
    """The data of a letter as the language writes them."""
    currency = str(letter.data.get("currency", "CNY"))
    return {name: _shown(value, words, currency) for name, value in letter.data.items()}


def _laid_out(letter: Letter, kind: str, words: Wording) -> dict[str, Any]:
    """The parts of a letter, from the top to the bottom."""
    return {
        "title": letter.title,
        "draft": letter.draft,
        "greeting": letter.greeting,
        "facts": letter.facts,
        "opening": letter.opening,
        "tables": letter.tables,
        "totals": letter.totals,
        "closing": letter.closing,
        "payment_title": letter.payment_title,
        "payment": letter.payment,
        "basis": letter.basis,
        "sender": letter.sender,
        "seal": words.text("(seal)"),
        "day": "" if letter.day is None else words.day(letter.day),
        "sms": letter.sms,
        "lang": "zh-CN" if words.language == "zh" else "en",
        "locale": str(words.locale),
        "kind": kind,
        "colon": words.text("{label}: {text}", label="", text=""),
        "landscape": letter.landscape,
        "paper": letter.paper,
    }


def _shown(value: Any, words: Wording, currency: str) -> Any:
    match value:
        case None:
            return ""
        case Decimal():
            return words.money(value, currency)
        case date():
            return words.day(value)
        case Mapping():
            return {name: _shown(each, words, currency) for name, each in value.items()}
        case list() | tuple():
            return [_shown(each, words, currency) for each in value]
    return value
