"""The benchmarks' command line, and what they say about what they measured."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence

import pytest

from bench.__main__ import BENCHES
from bench.scale import Curve, Point, what_bounds
from tests.board.browser import require_chromium
from tests.parts.deadlines import PATIENCE


def point(workers: int = 1, seconds: float = 10, **used: float) -> Point:
    times = {"workers_cpu_s": 1.0, "clickhouse_cpu_s": 1.0, "broker_cpu_s": 1.0, "machine_busy": 0.3, **used}
    return Point(workers=workers, events_per_s=100 * workers, events_per_cpu_s=1, seconds=seconds, **times)


@pytest.mark.parametrize("name", BENCHES)
def test_every_bench_has_a_summary_and_options_of_its_own(name: str) -> None:
    parser = argparse.ArgumentParser()
    BENCHES[name].add_arguments(parser)
    assert BENCHES[name].SUMMARY
    assert vars(parser.parse_args([]))


def test_a_wrong_option_is_exit_code_2_and_says_what_was_expected() -> None:
    command = [sys.executable, "-m", "bench", "ingest", "--only", "storm"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
    assert done.returncode == 2
    assert "storm given, expected some of ours, faust" in done.stderr


def test_what_bounds_a_run_is_told_from_its_cpu_times() -> None:
    machine = what_bounds(point(clickhouse_cpu_s=15, workers_cpu_s=3, machine_busy=0.97), cores=2)
    assert machine.startswith("The machine bounds it: 97% of its 2 cores were busy, most of it ClickHouse.")
    foreign = what_bounds(point(clickhouse_cpu_s=9, workers_cpu_s=3, machine_busy=0.99), cores=2)
    assert "a further 34% by other programs" in foreign
    store = what_bounds(point(clickhouse_cpu_s=9.5, machine_busy=0.6), cores=2)
    assert store.startswith("ClickHouse bounds it: it kept 0.9 of 2 cores busy.")
    assert what_bounds(point(), cores=2).startswith("Waiting bounds it")


def test_a_curve_is_told_as_ratios_to_its_first_point() -> None:
    told = Curve(1000, [point(1), point(2), point(4)], cores=2).to_json()
    assert told["ratios"] == {"1": 1.0, "2": 2.0, "4": 4.0}
    assert json.loads(json.dumps(told))["ours"]["4"]["workers_cpu_s"] == 1.0


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "words",
    [["ingest", "--only", "ours", "--events", "2000"], ["refresh", "--facts", "2000", "--events", "100"]],
    ids=str,
)
def test_what_measures_ours_runs_on_the_store_as_it_is_now(words: Sequence[str]) -> None:
    command = [sys.executable, "-m", "bench", *words, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170 * PATIENCE, check=False)
    assert done.stdout, done.stderr[-2000:]
    assert json.loads(done.stdout)["ours"]


@pytest.mark.timeout(180)
def test_every_page_of_the_board_is_painted() -> None:
    require_chromium()
    command = [sys.executable, "-m", "bench", "board", "--facts", "2000", "--rounds", "1", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170 * PATIENCE, check=False)
    assert done.stdout, done.stderr[-2000:]
    pages = json.loads(done.stdout)["ours"]
    assert set(pages) == {"start", "indicator", "alerts", "methods"}
    assert all(page["first_seconds"] > 0 and page["kb"] > 1 for page in pages.values())


@pytest.mark.timeout(180)
def test_shocks_in_a_small_world_are_told_or_not_and_so_it_says() -> None:
    small = ["--seeds", "1", "--scale", "0.01", "--since", "2022-05-01", "--until", "2022-06-05"]
    command = [sys.executable, "-m", "bench", "detect", *small, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170 * PATIENCE, check=False)
    assert done.stdout, done.stderr[-2000:]
    told = json.loads(done.stdout)
    ours = told["ours"]
    # An agency's silence does not depend on how large the country is.
    assert ours["told"]["large silence"] == {
        "shocks": 2, "told": 2, "in_time": 2, "in_time_by_calendar": 2, "median_days": 2
    }  # fmt: skip
    assert ours["rules"]["agency_silent_country"]["told"]["large silence"]["told"] == 2
    assert ours["rules"]["registrations_country"]["told"]["large silence"]["told"] == 0
    assert sum(rule["false_alarms_a_month"] for rule in ours["rules"].values()) == pytest.approx(
        ours["false_alarms_a_month"], abs=0.02
    )
    assert set(told["peers"]) == {"ears_c1", "ears_c2", "ears_c3"}
    assert done.returncode == (1 if told["broken"] else 0)
