"""Who can reach whom: what has no business with another shares no network with it."""

from __future__ import annotations

import pytest

from tests.compose.compose_file import DEMO, load

FILE = load(DEMO)
#: What holds persons' data, and what can change it.
KAFKA, REGISTRY, CLICKHOUSE = "kafka", "schema-registry", "clickhouse"
REACHES = {
    KAFKA: {REGISTRY, "migrate", "worker", "simulator"},
    CLICKHOUSE: {"migrate", "access", "worker", "grafana"},
    "simulator": {KAFKA, REGISTRY, "migrate", "worker"},
    "board": {"worker"},
    "mail": {"worker", "alertmanager"},
    "prometheus": {"worker", "alertmanager", "grafana"},
    "alertmanager": {"worker", "prometheus", "grafana", "mail"},
    "grafana": {"worker", "prometheus", "alertmanager", "migrate", "access", CLICKHOUSE},
}


@pytest.mark.parametrize("name", REACHES)
def test_a_service_reaches_those_alone_that_it_works_with(name: str) -> None:
    assert FILE.reaches(name) == REACHES[name]


def test_the_stores_cannot_reach_the_outside_and_are_reached_through_no_published_port() -> None:
    internal = {
        name for name, network in FILE.document["networks"].items() if (network or {}).get("internal")
    }
    assert internal == {"events", "store"}
    assert FILE.services[CLICKHOUSE].networks == {"store"}
    for service in FILE.services.values():
        # The engine publishes no port of a container that is in internal networks alone.
        assert not service.document.get("ports") or service.networks - internal, service.name
