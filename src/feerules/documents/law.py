"""The law profile: what a jurisdiction forbids or asks of policies and prices, as data that a lawyer can read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from feerules.documents.fields import Day, DocId, Id, Number, Phrase, Plain, Words
from feerules.documents.model import Part
from feerules.documents.policy import DatedValue, Rate
from feerules.documents.schedule import Currency

__all__ = ["Act", "Confidence", "LawBasis", "LawProfile", "LawRule", "LawTest", "Level", "Need", "TestName"]

Level = Literal["error", "warning", "note", "allowed"]
Confidence = Literal["high", "medium", "low"]
Need = Literal["delivered_demand", "no_open_dispute", "reachable_debtor", "small_amount"]
TestName = Literal[
    # What a policy does
    "unknown_act", "public_message", "late_fee_rate", "late_fee_reducible", "late_fee_cap", "word_of_public_law",
    "allocation_order", "limitation_years", "demand_before_suit", "demand_period", "payment_order", "small_claims",
    "quiet_hours", "contact_limits", "contact_per_person", "contact_on_holidays",
    # What a schedule asks for
    "guided_price", "float_out_of_range", "utility_markup", "developer_pays", "repair_in_fee", "long_prepayment",
    "share_by_area", "deposit_as_fee", "duplicate_item", "developer_vacancy", "vat_rate", "price_rise", "short_notice", "missing_publication",
]  # fmt: skip


class LawBasis(Part):
    """A rule of law: {document: 民法典, clause: 第九百四十四条}."""

    document: Phrase
    clause: Plain | None = None


class LawRule(Part):
    """How grave it is, how sure, and by which law; what is left out is as in the profile that this one extends."""

    level: Level | None = None
    confidence: Confidence | None = None
    basis: tuple[LawBasis, ...] = ()
    hint: Words | None = Field(None, description="what to do instead")
    note: Words | None = None


class Act(LawRule):
    """Something done to a debtor, or announced: where steps of a ladder do it, and the words that betray it."""

    title: Words | None = None
    words: tuple[Phrase, ...] = Field(
        (), description="words in the id, title or template of a step that mean it"
    )
    but: tuple[Phrase, ...] = Field((), description="texts that hold such a word and mean something else")
    needs: tuple[Need, ...] = Field((), description="what must have gone before, where it is lawful")


class LawTest(LawRule):
    """A test that the library knows by name, with its numbers and words."""

    least: Number | None = None
    most: Rate | None = None
    words: tuple[Phrase, ...] = ()
    rates: tuple[Number, ...] = ()


class LawProfile(Part):
    """The law of one place, as of one day; one that `extends` another says only what differs there."""

    kind: Literal["law-profile"]
    id: DocId
    title: Words | None = None
    note: Words | None = None
    jurisdiction: Words
    as_of: Day = Field(description="the day whose law it tells")
    currency: Currency = Field("CNY", description="the documents that it is for are in this currency")
    extends: DocId | None = None
    parameters: dict[Id, Annotated[tuple[DatedValue, ...], Field(min_length=1)]] = Field(
        {}, description="dated numbers, such as the LPR"
    )
    acts: dict[Id, Act] = {}
    tests: dict[TestName, LawTest] = {}
