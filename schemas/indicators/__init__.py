"""Indicator definitions: what may stand in `streams/indicators/*.yaml`, and how it is read."""

from schemas.indicators.load import load_indicators
from schemas.indicators.model import (
    Change,
    Completeness,
    Counted,
    Derived,
    Divergence,
    Duration,
    Flow,
    Freshness,
    Gap,
    Indicator,
    Indicators,
    Occupancy,
    Ratio,
    Step,
    Stock,
    Sum,
    Texts,
    json_schema,
    sides_of,
)
from schemas.indicators.references import Selection, scale_of, selections
from schemas.indicators.window import Span, span_of

__all__ = [
    "Change",
    "Completeness",
    "Counted",
    "Derived",
    "Divergence",
    "Duration",
    "Flow",
    "Freshness",
    "Gap",
    "Indicator",
    "Indicators",
    "Occupancy",
    "Ratio",
    "Selection",
    "Span",
    "Step",
    "Stock",
    "Sum",
    "Texts",
    "json_schema",
    "load_indicators",
    "scale_of",
    "selections",
    "sides_of",
    "span_of",
]
