"""Threshold rules: what they say (`model`), and reading them from YAML (`load`). The YAML files beside this
module are the default rules, one in each file."""

from __future__ import annotations

from alerts.rules.load import load_rules
from alerts.rules.model import Above, Below, Condition, Rule, Severity, rules_schema

__all__ = ["Above", "Below", "Condition", "Rule", "Severity", "load_rules", "rules_schema"]
