"""A contract's rules beyond Avro, declared once as YAML and used at the agency and in the store.

Each rule names a field and a kind; a null field passes every rule but `required`. Kinds:

| kind               | refuses, with reason                                                        |
|--------------------|-----------------------------------------------------------------------------|
| `required`         | null where the event needs a value: `missing`                                |
| `known`            | an enum value that this version does not know: `unknown_value`               |
| `pseudonym`        | anything but 32 lower-case hex digits, not all decimal: `bad_format`          |
| `code`             | text that does not match `pattern`, which leaves no room for a number: `bad_format` |
| `text`             | the same for longer text, searched for national numbers besides               |
| `municipality`     | `unknown_municipality`, or `municipality_not_valid` on the day of the event  |
| `not_in_future`    | a moment more than `tolerance_minutes` after publication: `in_future`         |
| `not_before`       | a moment before `earliest`: `too_early`                                       |
| `kept`             | a moment more than `days` before it is taken in: `too_old`; the type's retention |
| `between`          | a date outside `earliest` … `latest`: `out_of_range`                           |
| `range`            | a number outside `minimum` … `maximum`: `out_of_range`                         |
| `not_before_field` | a date before the day of another field: `wrong_order`                         |

Events that are older than `kept` says are forgotten, so what is older can no longer be told from what was counted.

A national number in a text field is always refused as `national_number`, whatever else is wrong with it.
"""

from schemas.rules.check import Check, Violation, check, checks_of
from schemas.rules.model import (
    Between,
    Code,
    Kept,
    Known,
    MunicipalityRule,
    NotBefore,
    NotBeforeField,
    NotInFuture,
    Pseudonym,
    Range,
    Required,
    Rule,
    Text,
    load_rules,
)

__all__ = [
    "Between",
    "Check",
    "Code",
    "Kept",
    "Known",
    "MunicipalityRule",
    "NotBefore",
    "NotBeforeField",
    "NotInFuture",
    "Pseudonym",
    "Range",
    "Required",
    "Rule",
    "Text",
    "Violation",
    "check",
    "checks_of",
    "load_rules",
]
