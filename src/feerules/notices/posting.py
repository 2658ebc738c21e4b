"""What the law allows in a notice: who may see what of a debtor, and which consequences may be announced.

Data, from the law of mainland China; none of it is legal advice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from feerules.errors import Problem
from feerules.notices.notice import NoticeError, given, one_of
from feerules.wording import sentence

__all__ = ["AUDIENCES", "CONSEQUENCES", "FORBIDDEN", "POSTED", "announced", "check_audience", "threats_in"]

AUDIENCES: Final = ("debtor", "household", "neighbours", "public")
# Whoever is not of the household sees nothing of a debtor.
POSTED: Final = frozenset({"neighbours", "public"})
PRIVACY: Final = "Personal Information Protection Law 25 (个人信息保护法第二十五条)"

# What may be announced, as it follows after "we may by law"; every word of `announces:` is in one of three lists.
CONSEQUENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lawsuit": sentence("bring an action before the people's court"),
        "small_claims": sentence("bring an action in the small-claims procedure"),
        "payment_order": sentence("apply to the people's court for a payment order"),
        "arbitration": sentence("apply for arbitration as agreed"),
        "mediation": sentence("ask a people's mediation committee to mediate"),
        "lawyers_letter": sentence("have a lawyer's letter sent"),
        "late_fee": sentence("claim the late fee that was agreed"),
    }
)
# Doubtful: only where a local rule or a judgment says so, which the notice then cites.
DOUBTFUL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "stop_parking": sentence("stop issuing monthly parking passes"),
        "stop_renovation": sentence("stop handling renovation notices"),
        "refuse_certificates": sentence("stop issuing certificates"),
        "credit_report": sentence("report the arrears to a credit register"),
        "collection_agency": sentence("hand the arrears to a collection agency"),
        "withhold_services": sentence("withhold services that were agreed"),
    }
)
_UTILITIES = "Civil Code 944(3) (民法典第九百四十四条第三款)"
_ACCESS = "Civil Code 271 (民法典第二百七十一条); Supreme People's Court, typical case of 2025-12-08"
_PERSON = "Civil Code 1024, 1033 (民法典第一千零二十四条、第一千零三十三条)"
# Never: each with its words in Chinese, and why.
FORBIDDEN: Final[Mapping[str, tuple[tuple[str, ...], str]]] = MappingProxyType(
    {
        "stop_water": (("停水", "断水", "限水", "限制用水"), _UTILITIES),
        "stop_electricity": (("停电", "断电", "限电", "限制用电"), _UTILITIES),
        "stop_heat": (("停暖", "停热", "停止供热", "停止供暖"), _UTILITIES),
        "stop_gas": (("停气", "断气", "停燃气"), _UTILITIES),
        "refuse_water_card": (("停办水卡", "停止补办水卡", "拒办水卡"), _UTILITIES),
        "refuse_top_up": (("拒绝充值", "停止充值", "限制购电", "限制购水"), _UTILITIES),
        "refuse_access_card": (("停办门禁", "停用门禁", "拒办门禁", "注销门禁", "停止补办门禁"), _ACCESS),
        "stop_lift_card": (("停用电梯", "停梯", "停办电梯卡"), _ACCESS),
        "cut_internet": (("断网", "停网"), _PERSON),
        "seal_door": (("封门", "锁门", "堵门"), _PERSON),
        "tow_car": (("拖车", "锁车"), _PERSON),
        "contact_employer": (("通知单位", "通知您的单位", "告知单位"), _PERSON),
        "contact_relatives": (("通知亲属", "通知您的亲属", "告知亲属"), _PERSON),
        "publish_name": (("公布姓名", "曝光", "公示姓名", "张榜公布"), PRIVACY),
    }
)


def announced(consequences: Iterable[str], local_rule: str = "") -> list[str]:
    """The messages of what a notice may announce; `NoticeError` with each that it may not."""
    told, problems = [], []
    for word in consequences:
        if word in CONSEQUENCES:
            told.append(CONSEQUENCES[word])
        elif word in DOUBTFUL and local_rule:
            told.append(DOUBTFUL[word])
        else:
            problems.append(_not_allowed(word))
    if problems:
        raise NoticeError(problems)
    return told


def _not_allowed(word: str) -> Problem:
    where = given("announces")
    if word in DOUBTFUL:
        expected = "a consequence that follows from the law alone"
        hint = 'name the local rule or judgment that allows it: local_rule="…"'
        return Problem("doubtful_consequence", where, f'"{word}"', expected, hint)
    if basis := _why(word):
        expected = f"nothing that the law forbids: {basis}"
        return Problem("forbidden_consequence", where, f'"{word}"', expected, "take it out of announces:")
    known = [*CONSEQUENCES, *DOUBTFUL]
    return one_of("announces", word, known, "unknown_consequence")


_THREATS: Final = re.compile("|".join(word for words, _ in FORBIDDEN.values() for word in words))


def threats_in(text: str) -> list[str]:
    """What a text seems to announce though it must not, as warnings for a person to look at."""
    return [
        f'the text says "{word}", which may not be announced: {_why(word)}'
        for word in dict.fromkeys(_THREATS.findall(text))
    ]


def _why(word: str) -> str:
    """Why a word or a key of what is forbidden is; "" for any other."""
    return next(
        (why for key, (words, why) in FORBIDDEN.items() if word == key or any(each in word for each in words)), ""
    )


def check_audience(audience: str, what: str, hint: str) -> None:
    """`NoticeError` where others than the household could read of a debtor."""
    if audience not in AUDIENCES:
        raise NoticeError([one_of("audience", audience, AUDIENCES)])
    if audience in POSTED:
        found = f"{what} for the audience {audience}"
        expected = f"nothing of a debtor where others read it: {PRIVACY}"
        raise NoticeError([Problem("not_for_posting", given("audience"), found, expected, hint)])
