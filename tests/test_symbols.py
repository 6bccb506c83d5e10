"""Whatever an indicator is broken down by has a name in four languages."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from schemas.areas import LANGUAGES
from schemas.contracts import contracts
from schemas.indicators import load_indicators
from schemas.symbols import field_name, has_name, symbol_name
from sinks.clickhouse.published import breakdown_values

INDICATORS = load_indicators(files("streams.indicators"))


@pytest.mark.parametrize("indicator", INDICATORS)
def test_every_breakdown_and_every_value_of_it_has_a_name(indicator: str) -> None:
    families = breakdown_values(INDICATORS[indicator], INDICATORS)
    parts = {part for family in families for value in family for part in value.split(";")}
    nameless = [part for part in sorted(parts) if not has_name(*part.split("="))]
    nameless += [field for field in INDICATORS[indicator].dimensions if not has_name(field)]
    assert nameless == [], "name them in schemas/symbols.csv"


def test_names_are_of_fields_and_values_that_a_contract_has() -> None:
    symbols = {
        (field.name, symbol)
        for contract in contracts().values()
        for field in contract.fields
        for symbol in (*field.symbols, "")
    }
    with (files("schemas") / "symbols.csv").open("r", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert [row for row in rows if row["field"] != "*" and (row["field"], row["symbol"]) not in symbols] == []
    assert all(row[language].strip() == row[language] != "" for row in rows for language in LANGUAGES)
    assert len({(row["field"], row["symbol"]) for row in rows}) == len(rows)


def test_what_has_no_name_keeps_its_code_in_words() -> None:
    assert symbol_name("status", "made_up", "fr") == "made up"
    assert field_name("party_size", "nl") == "party size"
    assert (symbol_name("level", "unknown", "de"), symbol_name("level", "none", "en")) == (
        "Nicht bekannt",
        "Not given",
    )
