"""Rules: what they say (`model`, `conditions`), and reading them from YAML (`load`). The YAML files beside this module
are the default rules, one in each file."""

from __future__ import annotations

from alerts.rules.conditions import Condition
from alerts.rules.load import load_rules
from alerts.rules.model import Rule, Severity, rules_schema

__all__ = ["Condition", "Rule", "Severity", "load_rules", "rules_schema"]
