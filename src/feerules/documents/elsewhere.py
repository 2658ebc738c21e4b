"""What other systems call the parts of a policy, where a word has no one key, or nothing here does what it says."""

from __future__ import annotations

from collections.abc import Collection

from feerules.documents.lookalikes import half

__all__ = ["either_of", "instead_of"]

_AFTER_OR_GAP = (
    'write after: {step: reminder, days: ">= 5"} for days since another step, gap: 5 days since this one'
)

# By a key that stands in one sort of part alone: what to do about the words that people look for there.
_INSTEAD: dict[str, dict[str, tuple[str, ...]]] = {
    "gap_by": {
        "write at_most: 6": ("max", "limit", "maximum", "repeat_limit", "max_times", "max_count", "attempts", "最多", "次数", "上限"),
        "write gap: 5 days": ("repeat", "interval", "every", "frequency", "cooldown", "min_gap", "间隔", "周期"),
        _AFTER_OR_GAP: ("delay", "wait", "offset", "延迟", "等待"),
        "write id: level-2": ("level", "stage", "级别", "等级"),
        "write template: with the key of the message: its words stand in your system": (
            "subject", "body", "text", "message", "content", "letter", "模板", "内容",
        ),
        "write channels: [sms]": ("method", "medium", "via", "渠道", "方式"),
    },
    "reached": {
        "write event: dispute_closed, or another with _closed behind it, for the end of what goes on": ("status", "state", "状态"),
        "write it as the word of event: payment_reversed": ("reversed", "reverses_payment_id", "冲正"),
        "write after: and within: in place of event:": ("promised_on", "ends_on", "due_on"),
    },
    "after_grace": {
        "write flat: for a fixed sum, daily: for one of each day, rate: for a part of the debt": ("amount", "sum", "fee", "price", "金额"),
        "delete it: a late fee has a most (cap:) and no least": (
            "minimum", "min", "at_least", "lowest", "least", "最低",
        ),
        "write cap: {share_of_principal: 0.30}": ("maximum", "max", "limit", "at_most", "封顶", "上限"),
    },
}  # fmt: skip

# Words that stand for two.
_EITHER = {"mail": ("post", "email")}


def instead_of(word: str, keys: Collection[str]) -> str:
    """What to write instead of a key, in the part that has these keys; "" where nothing is known of it.

    >>> instead_of("level", ["id", "gap_by"]), instead_of("level", ["id"])
    ('write id: level-2', '')
    """
    said = half(word).strip().lower().replace(" ", "_").replace("-", "_")
    known = [
        hint
        for mark, hints in _INSTEAD.items()
        if mark in keys
        for hint, words in hints.items()
        if said in words
    ]
    return known[0] if known else ""


def either_of(word: str, words: Collection[str]) -> str:
    """What to write instead of a word that may mean several of these."""
    meant = [each for each in _EITHER.get(half(word).strip().lower(), ()) if each in words]
    return f"write {' or '.join(meant)}" if len(meant) > 1 else ""
