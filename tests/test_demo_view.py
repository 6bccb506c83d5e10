"""The demo's terminal view: it fits every console, says what it should, and leaves stdout alone."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from bewithu.demo.charts import bar, bars, columns, sparkline
from bewithu.demo.state import AlertLine, DemoState, IndicatorLine
from bewithu.demo.view import LiveView, picture, plain_line, render

MONDAY = date(2022, 5, 9)
SIZES = [(60, 24), (80, 24), (100, 30), (140, 44), (60, 60), (200, 70)]
ARRIVALS = "Arrivals in emergency housing, 7 days"
REALISTIC = DemoState(
    day=MONDAY,
    seconds=42.3,
    speed_days_per_second=2.0,
    published=128_400,
    accepted=127_912,
    quarantined=388,
    duplicates=100,
    rate=4210.4,
    by_topic={"bewithu.registration.v1": 61_200, "bewithu.benefit_grant.v1": 67_200},
    refusals={"rule_broken": 210, "national_number": 96, "unreadable": 82},
    indicators=(
        IndicatorLine("Persons under temporary protection", "persons", 34_120, history=tuple(range(60))),
        IndicatorLine(ARRIVALS, "persons", None, history=(None, 3.0, None, 9.0)),
        IndicatorLine("Share on the living wage", "%", 0.378, percent=True, history=(0.2, 0.378)),
    ),
    alerts=(
        AlertLine("resolved", "warning", "Liège", ARRIVALS, date(2021, 12, 21), 131, "persons"),
        AlertLine("pending", "warning", "Brussels", ARRIVALS, date(2022, 5, 8), 160, "persons"),
        AlertLine("firing", "critical", "Antwerp", ARRIVALS, date(2022, 5, 6), 1204, "persons"),
    ),
    mails=7,
    last_subject="Antwerpen: 412 personen – ALARM: Aankomsten in noodopvang",
    board="http://127.0.0.1:8080/",
    phase="running",
    mails_folder="/mails",
)
EMPTY = DemoState(day=MONDAY, seconds=0.0, speed_days_per_second=2.0)
LONG = "Ондатровий 避難民 [bold]Woluwe-Saint-Lambert\n\x1b[2J" * 12
EXTREME = DemoState(
    day=MONDAY,
    seconds=360_000.0,
    speed_days_per_second=1 / 7,
    published=10**24,
    rate=1e15,
    by_topic={f"{LONG}{number}": 10**number for number in range(30)},
    refusals={f"{number}{LONG}": number for number in range(30)},
    indicators=(
        *(IndicatorLine(f"{number}{LONG}", LONG, None) for number in range(9)),
        IndicatorLine("", "", 1e30, history=(math.inf, math.nan, -1e308, 1e308, None)),
        IndicatorLine("flat", "EUR", -0.5, history=(7.0,) * 500),
    ),
    alerts=(AlertLine(LONG, LONG, LONG, LONG, MONDAY, None, LONG),) * 40,
    mails=10**12,
    last_subject=LONG,
    board=LONG,
    notice=LONG,
    mails_folder=LONG,
)
STATES = {"realistic": REALISTIC, "empty": EMPTY, "extreme": EXTREME}


class Terminal(io.StringIO):
    """A file that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(state: DemoState, width: int = 100, height: int = 30, *, terminal: bool = False) -> str:
    """What the view prints: plain text, or what a terminal gets."""
    file = io.StringIO()
    console = Console(
        file=file,
        width=width,
        height=height,
        color_system="standard" if terminal else None,
        force_terminal=terminal,
        _environ={},
    )
    console.print(render(state))
    return file.getvalue()


def lines_in_a_pipe(*states: DemoState) -> list[str]:
    file = io.StringIO()
    with LiveView(Console(file=file, width=40, _environ={"FORCE_COLOR": "1"})) as view:
        for state in states:
            view.update(state)
    return file.getvalue().splitlines()


# --- the view as a whole ---


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_view_fills_the_width_and_leaves_a_row_to_the_shell(name: str, width: int, height: int) -> None:
    rows = picture(STATES[name], width, height)
    assert {row.cell_len for row in rows} == {width}
    assert len(rows) <= height - 1
    assert shown(STATES[name], width, height).split("\n") == [*(row.plain for row in rows), ""]


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (31, 16), (59, 12)])
def test_a_console_that_is_far_too_small_gets_no_row_that_is_too_wide(size: tuple[int, int]) -> None:
    for state in STATES.values():
        rows = shown(state, *size).splitlines()
        assert 0 < max(map(len, rows)) <= size[0]


@settings(max_examples=60)
@given(
    texts=st.lists(st.text(max_size=70), min_size=6, max_size=6),
    history=st.lists(st.none() | st.floats(), max_size=90),
    counts=st.dictionaries(st.text(max_size=70), st.integers(0, 10**9), max_size=12),
    width=st.integers(32, 170),
    height=st.integers(16, 60),
)
def test_whatever_the_words_and_numbers_every_row_is_as_wide_as_the_console(
    texts: list[str], history: list[float | None], counts: dict[str, int], width: int, height: int
) -> None:
    value = history[-1] if history else None
    state = replace(
        EMPTY,
        by_topic=counts,
        refusals=counts,
        indicators=(IndicatorLine(texts[0], texts[1], value, history=tuple(history)),) * (len(counts) + 1),
        alerts=(AlertLine("firing", texts[2], texts[3], texts[4], MONDAY, value, texts[1]),) * len(counts),
        mails=len(texts[5]),
        last_subject=texts[5],
        notice=texts[4],
    )
    rows = picture(state, width, height)
    assert {row.cell_len for row in rows} == {width}
    assert len(rows) < height
    assert all(row.plain.isprintable() for row in rows)


# --- what it says ---


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_size_shows_the_day_the_board_figures_the_last_mail_and_how_to_stop(
    width: int, height: int
) -> None:
    text = shown(REALISTIC, width, height)
    header = ("bewithu", "9 May 2022", "0:42", "running", "http://127.0.0.1:8080/", "Ctrl-C stops")
    for expected in (*header, "128,400", "34,120", "37.8%", "▁", "firing", "7  Antwerpen: 412 personen"):
        assert expected in text


def test_intake_topics_and_refusals_stand_with_their_counts() -> None:
    rows = shown(REALISTIC).splitlines()
    counters = {"published": "128,400", "accepted": "127,912", "quarantined": "388", "duplicates": "100"}
    lists = {"per second": "4,210", "registration": "61,200", "benefit_grant": "67,200", "unreadable": "82"}
    for name, count in {**counters, **lists}.items():
        assert any(row.startswith(f"│ {name} ") and f" {count} │" in row for row in rows), name


def test_alerts_say_their_state_in_words_the_most_urgent_first() -> None:
    rows = [" ".join(row.split()) for row in shown(REALISTIC, 120).splitlines() if "since" in row]
    assert rows == [
        f"│ ● firing critical Antwerp {ARRIVALS} 1,204 persons since 6 May │",
        f"│ ◐ pending warning Brussels {ARRIVALS} 160 persons since 8 May │",
        f"│ ○ resolved warning Liège {ARRIVALS} 131 persons since 21 Dec 2021 │",
    ]


def test_alerts_and_indicators_without_a_row_are_counted() -> None:
    alerts = (*REALISTIC.alerts, *[REALISTIC.alerts[2]] * 20)
    text = shown(replace(REALISTIC, alerts=alerts, indicators=REALISTIC.indicators * 10), 80, 24)
    assert "and 19 firing, 1 pending, 1 resolved more" in text
    assert "19 more on the board" in text


def test_a_notice_has_a_row_of_its_own_and_the_charts_keep_their_height() -> None:
    quiet = shown(REALISTIC).splitlines()
    noisy = shown(replace(REALISTIC, notice="ClickHouse is away")).splitlines()
    assert noisy[2].split() == ["!", "ClickHouse", "is", "away"]
    assert noisy[3:22] == quiet[2:21]
    assert len(noisy) == len(quiet)


def test_the_board_and_the_mails_folder_are_links() -> None:
    text = shown(REALISTIC, terminal=True)
    assert all(f";{link}\x1b\\" in text for link in ("http://127.0.0.1:8080/", "file:///mails"))


@pytest.mark.parametrize(
    ("value", "unit", "percent", "figure"),
    [
        (None, "persons", False, "–"),
        (2.5, "days", False, "2.5"),
        (0.378, "%", True, "37.8%"),
        (37.84, "%", False, "37.8%"),
        (1200.0, "EUR", False, "€1,200"),
    ],
)
def test_figures_are_written_as_people_read_them(
    value: float | None, unit: str, percent: bool, figure: str
) -> None:
    assert IndicatorLine("name", unit, value, percent).figure == figure
    assert AlertLine("firing", "info", "area", "what", MONDAY, value, unit, percent).figure == figure


# --- charts ---


@pytest.mark.parametrize(
    ("values", "width", "drawn"),
    [
        ((), 4, "    "),
        ((1, 2, 3, 4, 5, 6, 7), 7, "▁▂▃▄▅▆▇"),
        ((1, 2, 3, 4, 5, 6, 7), 9, "  ▁▂▃▄▅▆▇"),
        ((9, 9, 0, 6), 2, "▁▇"),
        ((0, None, 6), 3, "▁ ▇"),
        ((5, 5, 5), 3, "▄▄▄"),
        ((math.nan, 0, math.inf, 3), 4, " ▁ ▇"),
        ((-3, 0, 3), 3, "▁▄▇"),
        ((1, 2), 0, ""),
    ],
)
def test_a_sparkline_is_exact(values: tuple[float | None, ...], width: int, drawn: str) -> None:
    assert sparkline(values, width) == drawn


def test_a_higher_chart_continues_its_columns_from_row_to_row() -> None:
    assert columns((0, 7, 14, None), 5, 2) == ("   ▇ ", " ▁██ ")


@pytest.mark.parametrize(("share", "drawn"), [(0, "    "), (0.001, "╸   "), (0.6, "━━╸ "), (7, "━━━━")])
def test_a_bar_is_exact(share: float, drawn: str) -> None:
    assert bar(share, 4) == drawn


def test_counts_beyond_the_last_row_are_added_up() -> None:
    rows = [row.plain for row in bars({"a": 1, "b": 30, "c": 2, "d": 1}, 20, 3, "")]
    assert rows == ["b        ━━━━━━━━ 30", "c        ━         2", "2 others ━         2"]


# --- without a terminal, and on one ---


def test_the_plain_line_has_the_counts_the_alerts_the_last_subject_and_the_board() -> None:
    assert plain_line(replace(REALISTIC, notice="ClickHouse is\naway")) == (
        "bewithu demo 0:42 running | day 2022-05-09 | published 128,400, accepted 127,912, quarantined 388, "
        "duplicates 100 (4,210/s) | alerts: 1 firing, 1 pending, 1 resolved | mails: 7, last "
        '"Antwerpen: 412 personen – ALARM: Aankomsten in noodopvang" | board http://127.0.0.1:8080/ '
        "| trouble: ClickHouse is away"
    )


def test_a_pipe_gets_a_line_every_five_seconds_and_the_last_state() -> None:
    lines = lines_in_a_pipe(*(replace(REALISTIC, seconds=tenth / 10) for tenth in range(123)))
    assert [line.split()[2] for line in lines] == ["0:00", "0:05", "0:10", "0:12"]


def test_a_pipe_gets_a_line_at_once_when_the_phase_or_the_trouble_changes() -> None:
    running = replace(EMPTY, phase="running")
    troubled = replace(running, notice="away")
    expected = [plain_line(state) for state in (EMPTY, running, troubled)]
    assert lines_in_a_pipe(EMPTY, EMPTY, running, running, troubled) == expected


def test_an_encoding_without_the_characters_gets_question_marks() -> None:
    raw = io.BytesIO()
    with LiveView(Console(file=io.TextIOWrapper(raw, "ascii", write_through=True))) as view:
        view.update(REALISTIC)
    assert b"412 personen ? ALARM" in raw.getvalue()


def test_stdout_stays_free_for_json(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveView() as view:
        view.update(REALISTIC)
        print("{}")
    assert capsys.readouterr() == ("{}\n", plain_line(REALISTIC) + "\n")


def test_a_terminal_keeps_the_last_state_and_gets_its_cursor_back(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    with LiveView(Console(file=terminal, width=100, height=30, force_terminal=True, _environ={})) as view:
        view.update(EMPTY)
        view.update(REALISTIC)
        print("{}")
    assert "Antwerpen: 412 personen" in terminal.getvalue()
    assert "\x1b[?1049h" not in terminal.getvalue(), "the view would vanish with the alternate screen"
    assert terminal.getvalue().endswith("\x1b[?25h")
    assert capsys.readouterr().out == "{}\n"
