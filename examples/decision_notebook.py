"""The decision of decision.py with its numbers to be moved, as a marimo notebook.

marimo edit examples/decision_notebook.py     to move and change it
marimo run examples/decision_notebook.py      to move it only
python examples/decision_notebook.py          runs it once
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Pine Court 2027")


@app.cell
def _():
    from decimal import Decimal
    from html import escape

    import decision
    import marimo as mo

    import feerules

    def charts(*parts, locale):
        """The charts of a report, two by two."""
        drawn = [mo.Html(each) for each in feerules.charts(*parts, locale=locale)]
        return [
            mo.hstack(drawn[at : at + 2], widths="equal", align="start") for at in range(0, len(drawn), 2)
        ]

    def hundredths(number):
        """15 as 0.15: sliders of whole numbers, since others give floats, and no float may touch a price."""
        return f"{Decimal(number) / 100:.2f}"

    def text(told):
        """Sentences as they are, with their lines and spaces."""
        return mo.Html(f'<div style="white-space: pre-wrap">{escape(told)}</div>')

    return charts, decision, feerules, hundredths, mo, text


@app.cell
def _(mo):
    mo.md("""
    # 松庭小区2027年收费与催缴调整 · Fees and dunning of Pine Court from 2027

    移动滑块，下面的一切随之重算：金额按分计算，没有近似。规则在 `pine-court/`，计算在 `decision.py`。

    Move a slider, and everything below is worked out again, to the fen. The rules stand in `pine-court/`, the steps in
    `decision.py`.
    """)
    return


@app.cell
def _(mo):
    language = mo.ui.radio(
        {"中文": "zh_CN", "English": "en"}, value="中文", inline=True, label="图表 · charts"
    )
    surcharge = mo.ui.slider(
        0,
        40,
        step=5,
        value=15,
        show_value=True,
        label="电梯附加费上调（分/㎡） · lift surcharge, fen per m² more",
    )
    share = mo.ui.slider(
        50, 100, step=5, value=70, show_value=True, label="空置住宅付（%） · vacant homes pay, %"
    )
    mo.vstack([language, surcharge, share])
    return language, share, surcharge


@app.cell
def _(decision, feerules, hundredths, share, surcharge):
    today = decision.of_today()
    units = decision.homes_and_shops(1_000)
    reform = decision.dearer(hundredths(surcharge.value), hundredths(share.value))
    fees = reform.apply(today.fees)
    result = feerules.compare(today.fees, fees, units, decision.MONTH)
    print(result.explain("en"))
    return fees, result, today, units


@app.cell
def _(fees, feerules, mo, text, today):
    changes = feerules.diff(today.fees, fees)
    mo.vstack(
        [
            mo.md("## 改什么 · What changes"),
            mo.hstack(
                [text(changes.explain(each, places=False)) for each in ("zh_CN", "en")],
                widths="equal",
            ),
        ]
    )
    return


@app.cell
def _(charts, language, mo, result):
    told = result.summary
    mo.vstack(
        [
            mo.md("## 谁多交，谁少交 · Who pays more and who less"),
            mo.hstack(
                [
                    mo.stat(f"{told.change:+,}", label="每月合计变动 · change per month", bordered=True),
                    mo.stat(f"{told.more:,}", label="多交（户） · pay more", bordered=True),
                    mo.stat(f"{told.less:,}", label="少交（户） · pay less", bordered=True),
                    mo.stat(f"{told.same:,}", label="不变（户） · the same", bordered=True),
                ],
                widths="equal",
            ),
            *charts(result, locale=language.value),
        ]
    )
    return


@app.cell
def _(charts, decision, language, mo, result, today):
    segments = result.by_segment("kind", "vacant", floor=decision.FLOORS)
    mo.vstack(
        [
            mo.md("## 按类型、空置和楼层 · By type, vacancy and floor"),
            *charts(today.fees, segments, locale=language.value),
            mo.ui.table(segments, selection=None, pagination=False),
        ]
    )
    return


@app.cell
def _(mo, result):
    worst = {f"{each.unit_id}: {each.change:+,}": each for each in result.raises}
    chosen = mo.ui.dropdown(worst, value=next(iter(worst), None), label="变动最大的二十户 · the worst twenty")
    mo.vstack([mo.md("## 账单怎样变 · How a bill changes"), chosen])
    return (chosen,)


@app.cell
def _(chosen, language, text):
    text(chosen.value.explain(language.value) if chosen.value else "–")
    return


@app.cell
def _(decision, mo, today, units):
    mo.vstack(
        [
            mo.md("## 其他幅度 · Other numbers"),
            mo.ui.table(decision.grid(today, units), selection=None, page_size=16),
        ]
    )
    return


@app.cell
def _(mo):
    gap = mo.ui.slider(1, 14, value=7, show_value=True, label="催缴间隔（天） · days between calls")
    grace = mo.ui.slider(0, 60, step=5, value=30, show_value=True, label="违约金宽限期（天） · days of grace")
    days = mo.ui.slider(3, 30, value=5, show_value=True, label="试行（天） · days of the trial")
    mo.vstack([mo.md("## 放缓催缴 · A gentler ladder"), gap, grace, days])
    return days, gap, grace


@app.cell
def _(decision, today):
    entries = decision.ledger(today.fees, 200)
    return (entries,)


@app.cell
def _(charts, days, decision, entries, gap, grace, language, mo, text, today):
    ladder = decision.gentler(gap.value, grace.value).apply(today.ladder)
    trial = decision.tried(today.ladder, ladder, entries, days.value)
    mo.vstack(
        [
            *charts(trial, locale=language.value),
            text(trial.explain(language.value)),
        ]
    )
    return (trial,)


@app.cell
def _(decision, feerules, mo, result, trial):
    from pathlib import Path
    from tempfile import TemporaryDirectory

    def report(name):
        with TemporaryDirectory() as folder:
            path = feerules.report(
                Path(folder) / name,
                result,
                trial,
                title=decision.TITLE,
                locale="both",
                signed_by=decision.SIGNED_BY,
            )
            return path.read_bytes()

    mo.vstack(
        [
            mo.md(
                "## 签署 · To be signed\n\n报告按滑块现在的数写成。 · The report has the numbers that the sliders have now."
            ),
            mo.hstack(
                [
                    mo.download(lambda name=name: report(name), filename=name, label=name)
                    for name in ("decision.html", "decision.xlsx")
                ],
                justify="start",
            ),
        ]
    )
    return


if __name__ == "__main__":
    app.run()
