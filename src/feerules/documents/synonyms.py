"""Words that people type for keys and closed words, in Chinese and English, and what the language calls them."""

from __future__ import annotations

from collections.abc import Container

from feerules.documents.lookalikes import half

__all__ = ["EXAMPLES", "example_beside", "example_of", "key_for", "word_for"]

_KEYS: dict[str, tuple[str, ...]] = {
    "kind": ("类型", "种类", "type"),
    "id": ("编号", "编码", "code"),
    "title": ("名称", "标题", "名字", "name", "label", "caption"),
    "note": ("备注", "说明", "注", "remark", "remarks", "comment", "description"),
    "version": ("版本",),
    "effective": ("生效", "生效日期", "执行日期", "有效期", "valid"),
    "from": ("开始", "起", "自", "start", "since", "begin", "begins", "valid_from"),
    "through": ("结束", "止", "至", "到", "to", "until", "till", "end", "ends", "valid_to"),
    "currency": ("币种", "货币"),
    "source": ("依据", "来源", "文件", "basis"),
    "applies": ("适用", "适用范围", "适用对象", "if", "when", "where"),
    "when": ("条件", "if", "where", "applies"),
    "facts": ("事实", "字段", "属性", "fields", "columns"),
    "fees": ("费用", "收费项目", "charges", "items"),
    "per": ("数量", "计费面积", "计费单位", "计费依据", "基数", "quantity", "base"),
    "rate": ("单价", "价格", "费率", "收费标准", "标准", "金额", "price", "amount", "tariff", "unit_price"),
    "every": ("周期", "计费周期", "频率", "cycle", "period", "frequency"),
    "tiers": ("阶梯", "档", "steps", "bands", "brackets"),
    "table": ("表", "价目表", "rows"),
    "parts": ("组成", "components", "lines"),
    "minimum": ("最低", "最低收费", "min", "at_least"),
    "maximum": ("最高", "封顶", "max", "at_most", "cap", "limit"),
    "min": ("最小", "最小值", "minimum", "at_least", "lowest"),
    "max": ("最大", "最大值", "maximum", "at_most", "highest"),
    "adjustments": ("调整", "优惠", "减免", "discounts", "reductions", "discount"),
    "times": ("折扣", "系数", "倍", "factor", "multiply", "discount"),
    "minus": ("减", "扣减", "subtract"),
    "plus": ("加", "加收", "add", "surcharge"),
    "due": ("应缴日", "缴费期限", "到期日", "due_day", "due_on"),
    "payer": ("付款人", "缴费人", "paid_by"),
    "tax": ("税率", "增值税", "vat"),
    "rounding": ("取整", "舍入", "round"),
    "otherwise": ("其他", "否则", "else", "default"),
    "decimal": ("小数", "number", "float", "numeric", "money"),
    "integer": ("整数", "int", "whole"),
    "boolean": ("布尔", "是否", "bool", "flag"),
    "date": ("日期", "day"),
    "datetime": ("时间", "timestamp"),
    "choice": ("选项", "枚举", "enum", "choices", "options", "values"),
    "text": ("文本", "string", "str"),
    "unit": ("单位", "单元", "房屋"),
    "optional": ("可选", "可空", "nullable"),
    "default": ("缺省", "默认"),
    "aliases": ("别名", "又名", "alias", "synonyms"),
    "cases": ("案例", "用例", "tests", "examples"),
    "expect": ("期望", "应收", "expected", "result"),
    "for": ("适用", "schedule", "document"),
    "holidays": ("节假日", "假日"),
    "workdays": ("调休", "补班"),
    "years": ("年份", "year"),
    "by": ("权重", "分摊依据", "weight"),
    "reactions": ("联动", "联动规则", "反应", "事件", "triggers", "events", "on_events", "rules"),
    "event": ("事件", "发生", "type", "kind", "happening", "what"),
    "count": ("次数", "计次", "计数", "counts", "every", "occurrences"),
    "at_least": ("至少", "不少于", "times", "min", "minimum", "number"),
    "within": ("期限", "以内", "之内", "in", "days", "window", "period", "during", "for"),
    "after": ("之后", "在之后", "following", "first"),
    "comes": ("随后", "发生", "followed_by", "then", "follows", "second", "and"),
    "without": ("没有", "未", "无", "no", "not", "missing", "absent", "and_no", "but_no", "not_followed_by"),
    "unless": ("除非", "except", "excluding", "not_if", "until", "reset_by"),
    "to": ("交给", "通知对象", "role", "who", "by", "recipient"),
    "step_id": ("步骤", "step"),
    "step": ("步骤", "step_id"),
    "then": ("动作", "处理", "处理方式", "action", "do", "does"),
    "channel": ("渠道", "方式", "via"),
    "outcome": ("结果", "result"),
    "delivered": ("送达", "已送达", "是否送达"),
    "reached": ("接通", "是否接通", "answered", "connected"),
    "reason": ("原因", "事由"),
    "amount": ("金额", "sum", "value"),
    "fee": ("收费项目", "费用"),
    "method": ("付款方式", "支付方式"),
    "zh": ("中文", "cn", "zh_cn", "chinese"),
    "en": ("英文", "english", "en_us"),
}

_WORDS: dict[str, tuple[str, ...]] = {
    "month": ("月", "每月", "按月", "月度", "monthly", "months"),
    "quarter": ("季", "季度", "每季", "按季", "quarterly"),
    "half_year": ("半年", "每半年", "half-yearly", "semiannual"),
    "year": ("年", "每年", "按年", "年度", "annual", "annually", "yearly"),
    "day": ("日", "天", "按日", "按天", "daily"),
    "owner": ("业主", "产权人", "landlord", "proprietor"),
    "tenant": ("租户", "承租人", "租客", "使用人", "occupier", "lessee"),
    "developer": ("开发商", "建设单位", "builder"),
    "heir": ("继承人",),
    "calendar_days": ("按天", "按日", "按实际天数", "自然日", "days", "daily", "actual_days"),
    "thirty_day_months": ("三十天", "按30天", "30_days", "thirty_days"),
    "half_months": ("半月", "按半月"),
    "none": ("不折算", "无", "no", "false", "never"),
    "half_up": ("四舍五入", "round", "normal", "round_half_up"),
    "half_even": ("银行家舍入", "四舍六入五成双", "bankers"),
    "up": ("进一", "向上取整", "进位", "ceiling", "ceil"),
    "down": ("舍去", "抹零", "向下取整", "截断", "floor", "truncate"),
    "graduated": ("阶梯", "超额累进", "分段累进", "progressive", "incremental"),
    "volume": ("全额累进", "全量"),
    "in_advance": ("预收", "先收", "advance", "prepaid"),
    "in_arrears": ("后收", "后付", "arrears", "postpaid"),
    "first": ("优先", "第一个", "先到先得"),
    "collect+": ("累加", "合计", "sum", "add"),
    "charge": ("收费", "费用", "fee", "应收", "账单", "bill", "invoice"),
    "deposit": ("押金", "保证金"),
    "refund": ("退费", "退款"),
    "start": ("期初", "当月", "本月", "begin", "first"),
    "end": ("期末", "last"),
    "next_workday": ("顺延", "下一工作日", "next"),
    "phone": ("电话", "call", "telephone"),
    "sms": ("短信", "text"),
    "wechat": ("微信",),
    "app": ("whatsapp",),
    "email": ("邮件", "电子邮件", "e-mail"),
    "visit": ("上门",),
    "in_person": ("当面",),
    "courier": ("快递",),
    "post": ("邮寄", "letter"),
    "board": ("公告", "公告栏"),
    "promise_broken": ("失约", "broken_promise", "promises_broken", "broken"),
    "promise_kept": ("兑现", "守约", "kept_promise", "kept"),
    "promise": ("承诺", "承诺付款"),
    "payment_reversed": (
        "冲正",
        "付款冲正",
        "退票",
        "reversal",
        "reversed_payment",
        "reversed",
        "bounced",
        "chargeback",
    ),
    "payment": ("付款", "缴费", "收款", "paid", "payments", "payment_received"),
    "contact": ("联系", "通话", "call", "contacted", "call_unanswered", "visited"),
    "demand": ("催告", "催告函", "letter", "demand_delivered", "demanded"),
    "action": ("安排", "visit", "visit_planned", "planned"),
    "dispute": ("争议", "投诉", "complaint", "objection"),
    "escalate": ("升级", "上报", "escalation", "hand_over"),
    "notify": ("通知", "tell", "message", "send", "alert"),
    "step": ("步骤", "next_step", "next", "take_step"),
    "cancel": ("取消", "cancel_it", "call_off"),
    "thank": ("致谢", "感谢", "thanks", "thank_you"),
    "reopen": ("重开", "重新开启", "open", "open_again"),
    "review": ("复核", "人工", "人工复核"),
    "hold": ("暂缓", "pause"),
    "not_charged": ("免费", "免", "不收", "不收费", "free", "nothing", "no_charge", "none"),
}

# The line to type, where it is likely the same in every document.
EXAMPLES = {
    "id": "jinxiu-garden",
    "for": "jinxiu-garden",
    "effective": "{from: 2026-01-01}",
    "fees": "{management: {per: area, rate: 2.80}}",
    "facts": "{area: {decimal: 2, min: 0, max: 100000, unit: m²}}",
    "years": "[2026]",
    "from": "2026-01-01",
    "name": "one month",
    "unit": "{type: residential, area: 89.50}",
    "period": "2026-11",
    "expect": "{management: 250.60}",
    "applies": "{type: residential}",
    "when": '{floor: "> 3"}',
    "adjustments": "[{times: 0.70}]",
    "due": "{day: 10}",
    "issued": "{day: 1}",
    "rounding": "[{unit: 0.01}]",
    "share": "{by: area}",
    "season": "{from: 11-15, through: 03-15}",
    "every": "{months: 4}",
    "choice": "[residential, shop]",
    "mapping": "{area: 建筑面积}",
    "over": "{year_from: 01-01}",
    "words": "{住宅: residential}",
    "parameters": "{base: 1.20}",
    "derived": "{heated_area: area - balcony_area}",
    "parts": "{lift: {per: area, rate: 0.30}}",
    "account": "{charges: [{due_on: 2026-10-31, amount: 250.60}]}",
    "position": "{outstanding: 300.00, overdue: 300.00, days_overdue: 12}",
    "shares": "{water: 12.30}",
    "steps": '[{id: reminder, when: {days_overdue: ">= 5"}, channels: [sms], gap: 5 days}]',
    "then": "hold, or wait, review, clear",
    "event": "payment",
    "count": "promise_broken",
    "within": "30 days",
}

# The same, in a reaction.
_OF_REACTIONS = {
    "when": "{event: payment_reversed}",
    "then": "notify, or escalate, step, cancel, thank, reopen, review, hold",
}

# The same, where a dunning policy means another.
_OF_POLICIES = {
    "when": '{days_overdue: ">= 5"}',
    "reactions": "[{id: bounced, when: {event: payment_reversed}, then: reopen}]",
    "any": "{hardship: true}",
    "applies": "{estate_id: east}",
    "facts": "{weekly_rent: {decimal: 2, min: 0, max: 100000}}",
    "derived": "{beyond: outstanding - credit}",
    "parameters": "{lpr_1y: [{from: 2025-05-20, value: 3.00%}]}",
    "buckets": '{over_90: "> 90"}',
    "class_titles": "{promised: {zh: 近期交纳类, en: promised}}",
    "until": "{promised_on: -1 day}",
}


def example_of(key: str, kind: str) -> str:
    """What a key may say in a document of a kind; "" where nothing is likely.

    >>> example_of("when", "dunning-policy"), example_of("when", "fee-schedule")
    ('{days_overdue: ">= 5"}', '{floor: "> 3"}')
    """
    return (_OF_POLICIES.get(key, "") if kind == "dunning-policy" else "") or EXAMPLES.get(key, "")


def example_beside(key: str, others: Container[str]) -> str:
    """What a missing key may say in the part that has the others.

    >>> example_beside("then", ["id", "when", "template"])
    'notify, or escalate, step, cancel, thank, reopen, review, hold'
    """
    found = _OF_REACTIONS.get(key, "") if "template" in others and "channels" not in others else ""
    return found or EXAMPLES.get(key, "…")


def key_for(word: str, keys: Container[str]) -> str:
    """The key that a word stands for where these keys may stand, or "".

    >>> key_for("单价", ["per", "rate"]), key_for("to", ["from", "through"])
    ('rate', 'through')
    """
    return _meant(word, keys, _KEYS)


def word_for(word: str, words: Container[str]) -> str:
    """The closed word that another word stands for, or "".

    >>> word_for("四舍五入", ["half_up", "half_even"])
    'half_up'
    """
    return _meant(word, words, _WORDS)


def _meant(word: str, known: Container[str], table: dict[str, tuple[str, ...]]) -> str:
    said = half(word).strip().lower().replace(" ", "_")
    return next((meant for meant, others in table.items() if meant in known and said in others), "")
