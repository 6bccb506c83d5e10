"""What a test does when an external part (Java, Kafka's jars, a browser) is not on the machine."""

from __future__ import annotations

import os

import pytest


def require_part(name: str, present: bool, hint: str) -> None:
    """Go on if the part is present; otherwise skip the test, naming the part and how to get it.

    With `BEWITHU_TEST_REQUIRE=all` in the environment a missing part fails the test instead.
    """
    if present:
        return
    message = f"{name} is missing. {hint}"
    if os.environ.get("BEWITHU_TEST_REQUIRE") == "all":
        pytest.fail(f"{message} (BEWITHU_TEST_REQUIRE=all forbids skipping)", pytrace=False)
    pytest.skip(message)
