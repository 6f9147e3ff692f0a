"""The import: a file, its columns, its dry run, and the load with its progress and report."""

from datetime import timedelta

import streamlit as st

from core.bulk.background import BackgroundLoad
from core.bulk.columns import Column
from core.bulk.dry_run import DryRun
from core.bulk.loading import LoadReport
from core.bulk.reading import PostTable, read_table
from core.bulk.report import RESULTS, dry_run_rows, report_csv, report_rows
from core.errors import PunctualError
from core.time.phrases import plural
from ui.bulk import running
from ui.bulk.checking import check_again, checked_rows
from ui.bulk.mapping import chosen_encoding, column_fields, encoding_field, options_fields
from ui.bulk.preview import preview
from ui.bulk.reasons import reasons_list
from ui.bulk.upload import begin_anew, picture_files, upload_fields
from ui.frame import failures, links
from ui.frame.application import application
from ui.frame.callbacks import callback, show_error
from ui.frame.state import IMPORT_CHECKED
from ui.frame.viewer import viewer_zone

POLL = timedelta(milliseconds=500)


def import_view() -> None:
    """Draw the load that runs or has ended, or else the fields of the next one."""
    load = running.current()
    if load is not None:
        _progress(load)
        return
    given = upload_fields()
    show_error()
    if given is None:
        return
    name, content = given
    try:
        table = read_table(content, encoding=chosen_encoding())
    except PunctualError as error:
        failures.show(error)
        encoding_field()
        return
    _checked(name, table)


def _checked(name: str, table: PostTable) -> None:
    options = options_fields()
    columns = column_fields(table)
    files = picture_files() if Column.PICTURES in columns.values() else {}
    if not {Column.TEXT, Column.PICTURES, Column.LINK} & set(columns.values()):
        st.info("Choose the column with the texts under Columns.", icon=":material/view_column:")
        return
    checked = checked_rows(table, columns, options, files)
    _buttons(name, checked)
    preview(checked)


def _buttons(name: str, checked: DryRun) -> None:
    count = checked.count("create")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Schedule {plural(count, 'post')}",
            key="load",
            type="primary",
            icon=":material/schedule_send:",
            disabled=not count,
            on_click=_begin,
            args=(name,),
        )
        st.button("Check again", key="check-again", icon=":material/refresh:", on_click=check_again)
        st.download_button(
            "Download this table",
            lambda: report_csv(dry_run_rows(checked.rows)),
            "punctual-dry-run.csv",
            "text/csv",
            key="dry-run-csv",
            icon=":material/download:",
            on_click="ignore",
        )
    left_out = len(checked.rows) - count
    rest = f" {plural(left_out, 'row')} will be left out, for the reasons below the table." if left_out else ""
    st.caption(f"Nothing is written before you press it.{rest}")


@callback
def _begin(name: str) -> None:
    kept = st.session_state.pop(IMPORT_CHECKED, None)
    if kept is None:
        return
    running.begin(BackgroundLoad(application(), kept.checked, name=name, zone=viewer_zone()))
    begin_anew()


def _progress(load: BackgroundLoad) -> None:
    if load.running:
        st.fragment(_follow, run_every=POLL)(load)
    else:
        _report(load)


def _follow(load: BackgroundLoad) -> None:
    if not load.running:
        st.rerun()
    progress = load.progress
    share = progress.done / progress.total if progress.total else 1.0
    verb = "Stopping" if load.stopping else "Scheduling"
    st.progress(min(share, 1.0), f"{verb} the posts of {load.name}: {progress.done:,} of {progress.total:,}")
    st.button("Stop", key="stop-load", icon=":material/stop:", disabled=load.stopping, on_click=load.stop)
    st.caption("It goes on if you leave this page. After a stop, import the same file again: no post is doubled.")


def _report(load: BackgroundLoad) -> None:
    if load.error is not None:
        failures.show(load.error)
    report = load.report
    if report is not None:
        created = report.count("created", "noted")
        parts = [f"{plural(created, 'post')} scheduled from {load.name}"]
        parts += [f"{report.count('there'):,} already there"] if report.count("there") else []
        left_out = report.count("refused", "duplicate")
        parts += [f"{left_out:,} left out"] if left_out else []
        parts += [f"{report.count('not tried'):,} not tried"] if report.stopped else []
        draw = st.warning if report.stopped or left_out else st.success
        draw(f"{', '.join(parts)}.", icon=":material/task_alt:" if created else ":material/info:")
        if report.stopped:
            st.caption("Import the same file again to go on. What is scheduled already stays as it is.")
        _left_out(report)
    with st.container(horizontal=True, vertical_alignment="center"):
        if report is not None:
            st.download_button(
                "Download the report",
                lambda: report_csv(report_rows(report)),
                "punctual-import-report.csv",
                "text/csv",
                key="report-csv",
                icon=":material/download:",
                on_click="ignore",
            )
        st.button("Import another file", key="dismiss-load", on_click=running.dismiss, args=(load,))
        st.page_link(links.QUEUE, label="Open the queue", icon=":material/schedule:")


def _left_out(report: LoadReport) -> None:
    """Draw the rows that were not scheduled, with their reasons."""
    for result in ("refused", "duplicate", "not tried", "noted"):
        rows = [each for each in report.rows if each.result == result]
        reasons_list(
            f"{plural(len(rows), 'row')} {RESULTS[result]}",
            [(each.checked.number, each.reason, each.hint) for each in rows],
            icon=":material/block:",
        )
