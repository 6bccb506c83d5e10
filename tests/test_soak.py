"""The soak's verdict notices what grows and leaves alone what does not; its load and tally are what they say."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from bench.soaking.load import Load
from bench.soaking.pattern import Pattern
from bench.soaking.result import Soaked
from bench.soaking.sampling import Measured, Sample, quantile
from bench.soaking.store_folder import Part, Stored, active, stored_in
from bench.soaking.tally import Sound, Tally, differences
from bench.soaking.verdict import LIMITS
from schemas.contracts import contracts
from sinks.clickhouse.database import Database
from tests.parts.deadlines import PATIENCE
from tests.parts.kafka import require_apache_kafka
from tests.parts.own_process import in_own_process

HOUR, DAY, EVERY = 3600.0, 600.0, 10
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
#: What a healthy worker uses; every look is a few percent off.
LEVEL = {
    "rss_mib": 1000.0,
    "store_rss_mib": 800.0,
    "handles": 380.0,
    "threads": 170.0,
    "parts": 120.0,
    "store_bytes_per_event": 200.0,
    "old_parts_share": 5.0,
    "refresh_seconds": 0.4,
    "latency_seconds": 0.8,
}


def soaked(
    changed: Callable[[str, float, float], float], seconds: float = HOUR, law: Sequence[str] = ()
) -> Soaked:
    """A run whose series are at `LEVEL`, with noise, as `changed` (series, seconds, value) has them."""
    chance = random.Random(7)
    samples = []
    for at in range(0, int(seconds) + 1, EVERY):
        known = {
            name: changed(name, float(at), value * chance.uniform(0.9, 1.1)) for name, value in LEVEL.items()
        }
        others = {field.name: 1.0 for field in fields(Sample) if field.name not in known}
        samples.append(Sample(**{**others, **known, "seconds": float(at)}))  # type: ignore[arg-type]
    return Soaked(
        seconds, Pattern(200, DAY), False, samples, Measured(latencies=[{}] * len(samples)), Tally(), 6, law
    )


def noise(name: str, at: float, value: float) -> float:
    return value


def test_noise_is_level() -> None:
    assert soaked(noise).broken == []


@pytest.mark.parametrize("leaky", [limit.series for limit in LIMITS])
def test_a_leak_that_brings_as_much_again_in_half_an_hour_is_noticed_and_named(leaky: str) -> None:
    def leaks(name: str, at: float, value: float) -> float:
        return value + (LEVEL[name] * at / (HOUR / 2) if name == leaky else 0)

    (told,) = soaked(leaks).broken
    assert told.startswith(f"{leaky} grew by")


def test_what_a_warm_up_takes_is_no_leak() -> None:
    def warms_up(name: str, at: float, value: float) -> float:
        return value * min(1.0, 0.3 + at / 1200)

    assert soaked(warms_up).broken == []


def test_the_rhythm_of_a_day_and_a_few_wild_looks_are_no_leak() -> None:
    def rhythm(name: str, at: float, value: float) -> float:
        wild = 8 if int(at) % 370 == 0 else 1
        return value * wild * (1 + 0.5 * math.sin(2 * math.pi * at / DAY - 1))

    assert soaked(rhythm).broken == []


def test_memory_that_grows_by_a_mebibyte_a_minute_is_a_leak_once_the_run_is_long_enough() -> None:
    def leaks(name: str, at: float, value: float) -> float:
        return value + (at / 60 if name == "rss_mib" else 0)

    assert soaked(leaks).broken == [], "30 of 1,000 MiB in half an hour is within the limit"
    (told,) = soaked(leaks, 4 * HOUR).broken
    assert told.startswith("rss_mib grew by")


def test_looks_at_which_nothing_happened_are_left_out_and_a_series_without_looks_is_told() -> None:
    def seldom(name: str, at: float, value: float) -> float:
        return math.nan if name == "refresh_seconds" and at % 50 else value

    assert soaked(seldom).broken == []
    never = soaked(lambda name, at, value: math.nan if name == "latency_seconds" else value)
    assert never.broken == ["latency_seconds was measured too seldom to be judged"]


def test_a_short_run_is_not_judged_but_the_law_is() -> None:
    short = soaked(lambda name, at, value: value + at, 300, law=["the books differ"])
    assert not short.is_judged
    assert short.broken == ["the books differ"]
    assert json.loads(json.dumps(short.to_json(), allow_nan=False))["judged_seconds"] == 0


def test_a_day_is_quiet_at_night_peaks_at_nine_and_has_a_dip_at_lunch() -> None:
    pattern = Pattern(200, 240)
    by_hour = [pattern.at(hour * 10) for hour in range(24)]
    assert sum(by_hour) / 24 == pytest.approx(200, rel=0.02)
    assert max(by_hour) == by_hour[9] > 3 * 200
    assert by_hour[3] < 200 / 4
    assert by_hour[11] > pattern.at(126) < by_hour[14]


def test_a_quantile_is_of_what_came_in_between() -> None:
    before, after = {0.5: 10.0, 1.0: 10.0, math.inf: 10.0}, {0.5: 10.0, 1.0: 20.0, math.inf: 30.0}
    assert quantile(0.25, before, after) == 0.75
    assert quantile(0.99, before, after) == 1.0, "all that is known is that it was longer"
    assert math.isnan(quantile(0.5, after, after))


def test_parts_are_active_unless_another_one_was_made_of_them() -> None:
    names = ["202611_1_1_0", "202611_2_2_0", "202611_1_2_1", "202611_3_3_0", "202610_2_2_0", "202610_2_2_0_9"]
    assert [part for part in map(Part.of, names) if part] == list(map(Part.of, names))
    assert set(active([Part.of(name) for name in names])) == {  # type: ignore[misc]
        Part.of(name) for name in ("202611_1_2_1", "202611_3_3_0", "202610_2_2_0_9")
    }
    assert not any(
        map(Part.of, ("detached", "tmp_insert_202611_1_1_0", "delete_tmp_all_1_1_0", "format.txt"))
    )


def store_with_parts(folder: Path) -> tuple[int, Stored]:
    """What the store itself says of its active parts, and what its folder says."""
    with closing(Database.at(f"chdb://{folder}")) as database:
        database.run(
            "CREATE TABLE t (a UInt64, d Date) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY a"
        )
        for _ in range(3):
            database.run("INSERT INTO t SELECT number, toDate('2026-03-01') - number % 60 FROM numbers(1000)")
        database.run("OPTIMIZE TABLE t PARTITION 202602")
        told = "SELECT count() FROM system.parts WHERE active AND table = 't'"
        return int(database.value(told)), stored_in(folder)


def test_the_folder_tells_what_the_store_itself_tells(tmp_path: Path) -> None:
    told, stored = in_own_process(store_with_parts, tmp_path / "store")
    assert stored.parts == {"default.t": told}
    assert 0 < stored.active_bytes < stored.bytes


def test_the_load_has_everything_and_keeps_the_contracts_but_where_it_says_so() -> None:
    load, kinds = Load(3), Counter[str]()
    topics = set()
    for number in range(6000):
        sending = load.next(NOW)
        event, damage = sending.message.event, sending.damage
        topics.add(sending.message.topic)
        broken = contracts()[sending.message.topic].check(event, NOW)
        assert bool(broken) == (damage is not None and not damage.hits_bytes), (number, broken)
        kinds["late"] += (NOW - event["occurred_at"]).days >= 14
        kinds["corrected"] += event["revision"] > 0 and not event["cancelled"] and not sending.again
        kinds["cancelled"] += event["cancelled"] and not sending.again
        kinds["double"] += sending.again
        kinds["damaged"] += damage is not None and damage.hits_bytes
        kinds["against a rule"] += damage is not None and not damage.hits_bytes
    assert topics == set(contracts())
    assert min(kinds.values()) >= 10
    assert kinds["damaged"] == pytest.approx(30, abs=20), "one in two hundred"


def test_a_false_alarm_is_one_municipality_and_is_taken_back() -> None:
    load = Load(3)
    arrivals = [sending.message.event for sending in load.false_alarm(NOW)]
    back = [sending.message.event for sending in load.withdrawn(NOW)]
    assert len({event["municipality"] for event in arrivals}) == 1
    assert [event["event_id"] for event in arrivals] == [event["event_id"] for event in back]
    assert all(event["cancelled"] and event["revision"] == 1 for event in back)
    assert list(load.withdrawn(NOW)) == []


def test_a_fingerprint_depends_on_what_but_not_on_the_order() -> None:
    one, other = UUID(int=5 << 90 | 17), UUID(int=9 << 80 | 4)
    both = Sound().with_one(one, 0).with_one(other, 3)
    assert both == Sound().with_one(other, 3).with_one(one, 0)
    assert both != Sound().with_one(one, 3).with_one(other, 0)
    assert both != Sound().with_one(one, 0).with_one(one, 0)


@pytest.mark.timeout(240)
def test_seconds_on_the_real_parts_keep_the_law(tmp_path: Path) -> None:
    require_apache_kafka()
    looks, kept = tmp_path / "looks.csv", tmp_path / "kept"
    command = [sys.executable, "-m", "bench", "soak", "--hours", "0.003", "--rate", "100", "--json"]
    command += ["--csv", str(looks), "--keep", str(kept)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=230 * PATIENCE, check=False)
    assert done.stdout, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["broken"] == []
    assert done.returncode == 0
    ours = told["ours"]
    assert ours["sent"] == ours["accepted"] + ours["refused"] + ours["doubles"] > 500
    assert ours["refused"] > 0
    assert ours["parts_by_table"]["default.facts_registration"] > 0
    assert len(looks.read_text().splitlines()) > 5
    # ClickHouse takes more than Python and its libraries alone.
    assert ours["judged"]["store_rss_mib"] > 200
    # Held against nothing sent, the same store breaks the law in its books and in each topic that has facts.
    assert len(in_own_process(differences, f"chdb://{kept / 'clickhouse' / 'data'}", Tally())) > 5
