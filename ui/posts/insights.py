"""Insights on History: posts a day by account, how late they were, and failures by reason, as charts with data."""

import html
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date

import streamlit as st

from core.bulk.csv_file import csv_file
from core.posts.destinations import Destination
from core.scheduling.insights import LAGS, RUNS_LIMIT, Insights, first_instant, insights
from core.time.phrases import calendar_day, plural
from ui.frame.application import application
from ui.frame.empty_page import empty_page
from ui.frame.state import INSIGHT_DAYS
from ui.frame.viewer import viewer_zone
from ui.posts.filters import current_filter

Row = dict[str, str | int]
"""A row of a chart's data."""
PERIODS = {"7 days": 7, "30 days": 30, "90 days": 90}
CHART_HEIGHT = 260
"""Pixels."""
COLOURS = ("#2a9d8f", "#e07a5f", "#6c7ae0", "#e9b44c", "#c65d9a", "#5fa8d3", "#8a9a5b", "#9b6b4f", "#8d99ae", "#d1495b")
"""The colours of the names in a chart, on a light and on a dark ground."""
_DAY = "timeFormat(toDate(datum.value + 'T12:00'), '%-d %b')"
"""Vega's expression of a day on the axis, such as `2 Nov`."""


def choose_days() -> int:
    """Draw the choice of the period, and return its days."""
    period = st.segmented_control(
        "Period",
        list(PERIODS),
        default="30 days",
        required=True,
        key=INSIGHT_DAYS,
        label_visibility="collapsed",
        bind="query-params",
    )
    return PERIODS[str(period)]


def insights_view(days: int) -> None:
    """Draw the charts of the posts of the last days that the filter selects."""
    app, zone = application(), viewer_zone()
    now, chosen = app.clock(), current_filter()
    found = app.views.past_runs(first_instant(days, zone, now))
    figures = insights(
        (run for run in found.runs if chosen.matches(run)),
        days,
        zone,
        now,
        counts=lambda account: not chosen.accounts or account in chosen.accounts,
    )
    if found.more:
        st.caption(f"Only the latest {RUNS_LIMIT:,} posts of these days are counted.")
    if not figures.published and not figures.failures:
        empty_page("No posts in these days", "Choose a longer period, or change the filter.")
        return
    st.caption(f"Days and times in {zone}. Each destination of a post counts as one.")
    _summary(figures)
    _published(figures, chosen.account_names)
    _lags(figures)
    _failures(figures)


def _summary(figures: Insights) -> None:
    failed, on_time = figures.failures.total(), figures.on_time
    with st.container(horizontal=True, key="insight-figures"):
        st.metric("Published", f"{figures.published.total():,}", border=True)
        st.metric("Within a second", "none" if on_time is None else f"{on_time:.1%}", border=True)
        st.metric("Not published", f"{failed:,}", border=True)


def _published(figures: Insights, names: Mapping[Destination, str]) -> None:
    by_name = Counter[tuple[date, str]]()
    for (day, account), count in figures.published.items():
        by_name[day, names.get(account, account)] += count
    table = _by_day(figures, by_name, "Account")
    busiest = max(figures.days, key=lambda day: sum(count for (on, _), count in by_name.items() if on == day))
    alt = (
        f"Bars of the posts published each day by account: {plural(by_name.total(), 'post')} in"
        f" {len(figures.days)} days, most of them on {calendar_day(busiest)}."
    )
    _chart("Posts a day", "posts-a-day", table, lambda: _bars(table, "Account", alt))


def _lags(figures: Insights) -> None:
    table: list[Row] = [{"Late": name, "Posts": figures.lags[name]} for _, name in LAGS]
    counts = ", ".join(f"{row['Posts']:,} {row['Late']}" for row in table if row["Posts"])
    alt = f"Bars of how late posts were: {counts or 'none published'}."
    spec = {
        "background": "transparent",
        "data": {"values": table},
        "mark": {"type": "bar", "color": COLOURS[0]},
        "encoding": {
            "y": {
                "field": "Late",
                "type": "nominal",
                "title": None,
                "sort": None,
                "axis": {"labelPadding": 8, "minExtent": 90},
            },
            "x": {"field": "Posts", "type": "quantitative", "title": None, "axis": {"tickMinStep": 1, "tickCount": 6}},
            "tooltip": [{"field": name, "type": "nominal"} for name in ("Late", "Posts")],
        },
    }
    _chart("On time", "on-time", table, lambda: st.vega_lite_chart(spec, height=CHART_HEIGHT, alt=alt))


def _failures(figures: Insights) -> None:
    table = _by_day(figures, figures.failures, "Reason")
    reasons = Counter[str]()
    for (_, reason), count in figures.failures.items():
        reasons[reason] += count
    listed = "; ".join(f"{count:,} times: {reason}" for reason, count in reasons.most_common())
    alt = f"Bars of the posts that were not published each day by reason. {listed}"
    _chart("Failures", "failures", table, lambda: _bars(table, "Reason", alt))


def _by_day(figures: Insights, counts: Mapping[tuple[date, str], int], kind: str) -> list[Row]:
    """Return a row for each day and name, also for days with none."""
    names = sorted({name for _, name in counts})
    return [
        {"Day": day.isoformat(), kind: name, "Posts": counts.get((day, name), 0)}
        for day in figures.days
        for name in names
    ]


def _bars(table: Sequence[Row], kind: str, alt: str) -> object:
    """Draw bars by day, with the names and their colours above, where they take nothing from the chart's height."""
    names = list(dict.fromkeys(str(row[kind]) for row in table))
    colours = [COLOURS[number % len(COLOURS)] for number in range(len(names))]
    marks = zip(names, colours, strict=True)
    items = (f'<li><i style="background: {colour}"></i>{html.escape(name)}</li>' for name, colour in marks)
    st.html(f'<ul class="chart-legend">{"".join(items)}</ul>')
    spec = {
        "background": "transparent",
        "data": {"values": list(table)},
        "mark": "bar",
        "encoding": {
            "x": {
                "field": "Day",
                "type": "ordinal",
                "title": None,
                "axis": {"labelAngle": 0, "labelOverlap": True, "labelExpr": _DAY},
            },
            "y": {"field": "Posts", "type": "quantitative", "title": None, "axis": {"tickMinStep": 1, "format": "d"}},
            "color": {
                "field": kind,
                "type": "nominal",
                "legend": None,
                "scale": {"domain": names, "range": colours},
            },
            "tooltip": [{"field": name, "type": "nominal"} for name in ("Day", kind, "Posts")],
        },
    }
    return st.vega_lite_chart(spec, height=CHART_HEIGHT, alt=alt)


def _chart(title: str, name: str, table: Sequence[Row], draw: Callable[[], object]) -> None:
    """Draw a title, the chart of the rows, if there are any, and a button that downloads its data."""
    with st.container(border=True, key=f"chart-{name}"):
        if not table:
            st.subheader(title, anchor=False)
            st.caption("None in these days.")
            return
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader(title, anchor=False, width="content")
            st.download_button(
                "CSV",
                lambda: csv_file(table, list(table[0])),
                f"punctual-{name}.csv",
                "text/csv",
                key=f"csv-{name}",
                icon=":material/download:",
                type="tertiary",
                help=f"Download the data of {title}",
                on_click="ignore",
            )
        draw()
