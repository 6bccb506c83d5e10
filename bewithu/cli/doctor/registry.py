"""The schema registry as we need it: there, with our contracts, and watching how they change."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from bewithu.cli.doctor.finding import Finding, failed, ok, warning
from bewithu.cli.doctor.shown import protection
from bewithu.settings import Registry
from schemas.contracts import contracts
from schemas.outward import outward_contracts
from streams.registry import COMPATIBILITY, SchemaRegistry

_MIGRATE = "run bewithu migrate"


def check_registry(settings: Registry) -> Iterator[Finding]:
    all_contracts = (*contracts().values(), *outward_contracts().values())
    with contextlib.closing(SchemaRegistry(settings)) as registry:
        registry.schema(0)
        yield ok("schema registry", f"{settings.url}, {protection(settings)}")
        missing = [each.subject for each in all_contracts if not registry.knows(each)]
        if missing:
            yield failed("schema subjects", f"without our version: {', '.join(missing)}", _MIGRATE)
        else:
            yield ok("schema subjects", f"all {len(all_contracts)} have our version")
        if settings.url.startswith("mock://"):
            return
        loose = [
            f"{each.subject} {level}"
            for each in all_contracts
            if each.subject not in missing and (level := registry.compatibility(each)) != COMPATIBILITY
        ]
        if loose:
            yield warning("schema compatibility", f"not {COMPATIBILITY}: {', '.join(loose)}", _MIGRATE)
        else:
            yield ok("schema compatibility", f"{COMPATIBILITY} for each subject of ours")
