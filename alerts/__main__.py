"""`python -m alerts` writes the JSON Schemas of rules, their tests and address books anew from their models."""

from __future__ import annotations

import json
from pathlib import Path

from alerts.address_book import address_book_schema
from alerts.route_tests import route_tests_schema
from alerts.rule_tests import rule_tests_schema
from alerts.rules import rules_schema

if __name__ == "__main__":
    schemas = {
        "rules": rules_schema(),
        "rule_tests": rule_tests_schema(),
        "address_book": address_book_schema(),
        "route_tests": route_tests_schema(),
    }
    for name, schema in schemas.items():
        file = Path(__file__).parent / f"{name}.schema.json"
        file.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", "utf-8")
