"""Where a statement ends and its data begin."""

from __future__ import annotations

from tests.parts.sql_text import output_format, split_insert


def test_inline_data_begin_behind_the_format_of_an_insert() -> None:
    statement = b"INSERT INTO a.format (`FORMAT`, b) SETTINGS x = 'FORMAT y' FORMAT Avro\r\n\n\x00FORMAT z"
    insert = split_insert(statement)
    assert insert is not None
    assert insert.target == "INSERT INTO a.format (`FORMAT`, b) "
    assert insert.settings == "SETTINGS x = 'FORMAT y' "
    assert (insert.format, insert.data) == ("Avro", b"\n\x00FORMAT z")
    assert insert.from_file("/x") == (
        "INSERT INTO a.format (`FORMAT`, b)  FROM INFILE '/x' SETTINGS x = 'FORMAT y'  FORMAT Avro"
    )


def test_data_may_stand_behind_a_select_from_input() -> None:
    insert = split_insert(
        b"INSERT INTO a (b) SELECT x AS b FROM input('x String, y Enum(\\'a\\')') FORMAT Avro\nObj"
    )
    assert insert is not None
    assert insert.data == b"Obj"
    assert insert.from_file("/f") == (
        "INSERT INTO a (b) SELECT x AS b FROM file('/f', 'Avro', 'x String, y Enum(\\'a\\')') "
    )


def test_what_stands_behind_the_input_stays_there() -> None:
    insert = split_insert(
        b"INSERT INTO a SELECT * FROM input('x String') WHERE (SELECT 1) = 1 FORMAT Avro\nObj"
    )
    assert insert is not None
    assert (
        insert.from_file("/f")
        == "INSERT INTO a SELECT * FROM file('/f', 'Avro', 'x String') WHERE (SELECT 1) = 1 "
    )


def test_a_statement_without_data_in_a_format_is_left_whole() -> None:
    assert split_insert(b"INSERT INTO a SELECT 1 FORMAT TSV") is None
    assert split_insert(b"INSERT INTO a VALUES ('FORMAT TSV x')") is None
    assert split_insert(b"SELECT 1 FORMAT TSV") is None


def test_only_a_closing_format_is_the_format_of_the_answer() -> None:
    assert output_format(b"SELECT 1 -- FORMAT a\n FORMAT JSON SETTINGS max_threads = 1") == "JSON"
    assert output_format(b"/* FORMAT a */ SELECT 1 FORMAT Native;") == "Native"
    assert output_format(b"SELECT format(x) FROM (SELECT 1 FORMAT TSV)") is None
    assert output_format(b"SELECT format, x FROM t") is None
    assert output_format(b"SELECT t.format FROM t") is None
