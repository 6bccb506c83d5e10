"""`python -m alerts` writes the JSON Schemas of rules and address books anew from their models."""

from __future__ import annotations

import json
from pathlib import Path

from alerts.address_book import address_book_schema
from alerts.rules import rules_schema

if __name__ == "__main__":
    for name, schema in (("rules", rules_schema()), ("address_book", address_book_schema())):
        file = Path(__file__).parent / f"{name}.schema.json"
        file.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", "utf-8")
