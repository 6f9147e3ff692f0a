"""Tables are read whatever their encoding, delimiter and quotes; what cannot be read is refused with its line."""

import codecs
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bulk.cells import as_cell, from_cell, join_values, split_values
from core.bulk.columns import Column, guess_columns
from core.bulk.csv_file import csv_file
from core.bulk.delimited import BrokenQuotes
from core.bulk.encoding import UnknownEncoding
from core.bulk.reading import (
    MAX_ROWS,
    EmptyTable,
    NotJsonLines,
    TableTooLarge,
    columns_by_content,
    read_table,
)
from core.bulk.rows import post_rows

GERMAN = "Schöne Grüße aus Köln, und ein frohes neues Jahr für alle Gäste unserer Bücherei"
FRENCH = "À bientôt à l'été prochain : nous fêterons Noël près de chez vous, déjà réservé"
RUSSIAN = "Доброе утро, сегодня мы открываем новую выставку в нашей библиотеке для всех гостей"
JAPANESE = "おはようございます。今日は新しい展覧会が始まります。皆様のお越しをお待ちしております。"


def texts(content, **options):
    table = read_table(content, **options)
    return [row.text for row in post_rows(table, guess_columns(table.header))]


@pytest.mark.parametrize(
    ("encoding", "text", "mark"),
    [
        ("utf-8", GERMAN, b""),
        ("utf-8", JAPANESE, codecs.BOM_UTF8),
        ("utf-16-le", GERMAN, codecs.BOM_UTF16_LE),
        ("utf-16-be", JAPANESE, codecs.BOM_UTF16_BE),
        ("utf-16-le", GERMAN, b""),
        ("cp1252", GERMAN, b""),
        ("cp1252", FRENCH, b""),
        ("cp1252", "“Früh” – mañana, ¿señor?", b""),
        ("cp1250", "Zażółć gęślą jaźń, dzień dobry wszystkim gościom", b""),
        ("cp1250", "Dobré ráno, příští týden otevíráme novou výstavu", b""),
        ("cp1254", "Günaydın, bugün yeni sergimizi açıyoruz, şölen", b""),
        ("gb18030", "早上好，今天我们的新展览开幕了", b""),
        ("cp1251", RUSSIAN, b""),
        ("shift_jis", JAPANESE, b""),
    ],
)
def test_the_encoding_is_detected(encoding, text, mark):
    lines = "".join(f'"{text} {number}",2026-12-24 09:00\r\n' for number in range(5))
    content = mark + f"text,date\r\n{lines}".encode(encoding)
    assert texts(content) == [f"{text} {number}" for number in range(5)]


def test_a_file_that_is_no_text_is_refused():
    with pytest.raises(UnknownEncoding):
        read_table(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01")
    with pytest.raises(UnknownEncoding):
        read_table(GERMAN.encode("cp1252"), encoding="utf-8")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_detected(delimiter):
    rows = [["Message", "Date", "Channels"], ["One, two; three", "2026-12-24 09:00", "outbox"]]
    content = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    table = read_table(content.encode())
    assert (table.delimiter, table.header) == (delimiter, ("Message", "Date", "Channels"))
    assert texts(content.encode()) == ["One, two; three"]


def test_a_table_of_one_column_may_have_any_punctuation():
    assert texts(b"text\nOne; two | three\nFour; five\n") == ["One; two | three", "Four; five"]


def test_quotes_and_line_breaks_within_a_text_are_kept():
    assert texts(b'text,date\n"She said ""hi"",\nand left",\nA 5" nail,\n') == ['She said "hi",\nand left', 'A 5" nail']


@pytest.mark.parametrize("broken", ['"never closed,\nmore\nand more', '"closed" early,x\n'])
def test_broken_quotes_are_refused_with_the_line_on_which_their_row_begins(broken):
    with pytest.raises(BrokenQuotes, match="line 3 "):
        read_table(f"text,date\nfine,\n{broken}".encode())


def test_a_row_with_too_many_cells_is_unreadable_and_the_others_are_not():
    table = read_table(b"text,date\nOne, and two,2026-12-24 09:00\nFine,2026-12-24 09:00\n")
    assert [row.problem is not None for row in table.rows] == [True, False]


def test_30000_rows_are_refused():
    with pytest.raises(TableTooLarge, match=f"{MAX_ROWS:,} rows"):
        read_table(b"text\n" + b"Good morning\n" * 30_000)
    with pytest.raises(TableTooLarge):
        read_table(b'{"text": "Good morning"}\n' * 30_000)
    with pytest.raises(TableTooLarge, match="megabytes"):
        read_table(b"x" * 20_000_001)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"text,date\n", b"text,date\n,\n"])
def test_a_table_without_rows_is_refused(content):
    with pytest.raises(EmptyTable):
        read_table(content)


def test_json_lines_are_read_with_lists_and_any_line_break_in_a_text():
    lines = [
        {"text": "One\u2028two\nthree", "labels": ["a, b", "c"], "when": None},
        {"text": "Four", "tags": "d"},
    ]
    table = read_table("\n".join(json.dumps(each, ensure_ascii=False) for each in lines).encode())
    rows = post_rows(table, guess_columns(table.header))
    assert [row.text for row in rows] == ["One\u2028two\nthree", "Four"]
    assert rows[0].labels == ["a, b", "c"]


def test_a_line_that_is_no_object_is_refused_with_its_number():
    with pytest.raises(NotJsonLines, match="Line 2"):
        read_table(b'{"text": "One"}\n["Two"]\n')
    with pytest.raises(NotJsonLines, match="Line 1"):
        read_table(b'[\n  {"text": "One"}\n]\n')


def test_the_columns_of_other_schedulers_are_found():
    buffer = guess_columns(("Text", "Image URL", "Tags", "Posting Time"))
    assert [*buffer.values()] == [Column.TEXT, Column.PICTURES, Column.LABELS, Column.WHEN]
    found = guess_columns(("Message", "Scheduled date", "Image 1", "Image 2", "Social network", "Notes"))
    assert found == {
        "Message": Column.TEXT,
        "Scheduled date": Column.WHEN,
        "Image 1": Column.PICTURES,
        "Image 2": Column.PICTURES,
        "Social network": Column.DESTINATIONS,
    }


def test_a_table_without_names_is_read_by_its_content():
    table = read_table(b"24/12/2026 09:00,Good morning to all of you,https://example.com/news\n")
    assert not table.has_header
    [row] = post_rows(table, columns_by_content(table))
    assert row.text == "Good morning to all of you https://example.com/news"
    assert row.get(Column.WHEN) == "24/12/2026 09:00"


FORMULA_LIKE = st.text("'=+-@\t\r\nab", max_size=8)


@given(FORMULA_LIKE)
def test_no_written_cell_runs_as_a_formula_and_each_is_read_as_it_was(text):
    cell = as_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert from_cell(cell) == text


def test_a_written_table_is_read_as_it_was():
    content = csv_file([{"Text": '=HYPERLINK("http://evil")', "Date": "2026-12-24 09:00"}], ("Text", "Date"))
    assert b"'=HYPERLINK" in content
    assert texts(content) == ['=HYPERLINK("http://evil")']


VALUES = st.lists(st.text("ab,;| ", min_size=1).map(lambda text: " ".join(text.split())).filter(bool))


@given(VALUES)
def test_values_of_one_cell_are_read_as_they_were(values):
    assert split_values(join_values(values)) == values
