"""Definitions for made-up indicators: the shipped one of the same kind and unit stands for each."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from bewithu.board import IndicatorInfo
from schemas.indicators import Indicator, Indicators, load_indicators


@cache
def shipped() -> Indicators:
    return load_indicators(files("streams.indicators"))


def definition_of(info: IndicatorInfo) -> Indicator:
    """What a made-up indicator is worked out from is what the shipped one is, and no made-up indicator."""
    if info.id in shipped():
        return shipped()[info.id]
    alike = [each for each in shipped().values() if each.kind == info.kind]
    found = next((each for each in alike if each.unit == info.unit), alike[0])
    return found.model_copy(update={"id": info.id})
