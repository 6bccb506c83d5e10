"""The fuzz targets hold for sound bytes, for spoiled ones and for any; atheris searches on with `make fuzz`."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, holds_eleven, seeds
from tests.poison.damage import damaged, edits

SEEDS = seeds()


def test_every_target_has_seeds() -> None:
    assert SEEDS.keys() == TARGETS.keys()
    assert all(SEEDS.values())


@pytest.mark.parametrize("name", TARGETS)
def test_sound_bytes_and_none_at_all_pass(name: str) -> None:
    for seed in [*SEEDS[name], b""]:
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=200)
@given(data=st.data())
def test_spoiled_bytes_do_no_more_than_they_may(name: str, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(SEEDS[name]))
    (spoiled,) = damaged([seed], data.draw(st.lists(edits(1, first=0), min_size=1, max_size=4)))
    TARGETS[name](spoiled)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=100)
@given(noise=st.binary(max_size=300))
@example(noise=b"\xff" * 40)
def test_noise_does_no_more_than_it_may(name: str, noise: bytes) -> None:
    TARGETS[name](noise)


def test_the_oracle_for_numbers_finds_them() -> None:
    assert holds_eleven(b"x99010100147x")
    assert holds_eleven(b"199010100147")
    assert not holds_eleven(b"199010100147", alone=True)
    assert not holds_eleven(b"99010100148")
