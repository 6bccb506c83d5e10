"""The schema registry: confluent-kafka's client, which also has the in-process `mock://` registry."""

from __future__ import annotations

import re
from typing import Any

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from bewithu.errors import BewithuError, Unavailable
from schemas.contracts import Contract, contracts
from schemas.rejections import rejections

_NOT_FOUND = frozenset({40401, 40402, 40403, 404})
_NOT_COMPATIBLE = frozenset({409, 42201})


class SchemaRegistry:
    """Looks schemas up by id and registers contracts. Raises `Unavailable` when the registry is away."""

    def __init__(self, url: str) -> None:
        self._client: Any = SchemaRegistryClient.new_client({"url": url, "timeout": 5, "max.retries": 1})
        self._url = _without_login(url)

    def schema(self, schema_id: int) -> str | None:
        """The text of a schema, or None when the registry knows no such id."""
        try:
            text: str = self._client.get_schema(schema_id).schema_str
        except SchemaRegistryError as error:
            if error.error_code in _NOT_FOUND or error.http_status_code == 404:
                return None
            raise Unavailable("the schema registry", f"{self._url}: {_without_login(str(error))}") from error
        except Exception as error:
            raise Unavailable("the schema registry", f"{self._url}: {_without_login(str(error))}") from error
        return text

    def close(self) -> None:
        """Gives its connections back."""
        self._client.__exit__(None, None, None)

    def register(self, contract: Contract) -> int:
        """Registers a contract under its subject, if it is not there yet, and returns its id."""
        try:
            schema_id: int = self._client.register_schema(
                contract.subject, Schema(contract.schema_text, schema_type="AVRO")
            )
        except SchemaRegistryError as error:
            if error.http_status_code in _NOT_COMPATIBLE or error.error_code in _NOT_COMPATIBLE:
                raise BewithuError(
                    f"the registry refuses {contract.name} for {contract.subject}: {error.error_message}; "
                    "an incompatible change needs a new major version"
                ) from error
            raise Unavailable("the schema registry", f"{self._url}: {_without_login(str(error))}") from error
        except Exception as error:
            raise Unavailable("the schema registry", f"{self._url}: {_without_login(str(error))}") from error
        return schema_id

    def register_all(self) -> dict[str, int]:
        """Registers every contract, also that of our answers, for full transitive compatibility; ids by topic."""
        ids = {}
        for contract in (*contracts().values(), rejections()):
            ids[contract.topic] = self.register(contract)
            self.require_compatibility(contract)
        return ids

    def require_compatibility(self, contract: Contract) -> None:
        """Asks the registry to keep versions of this subject readable both ways, for all versions."""
        try:
            self._client.set_compatibility(contract.subject, "FULL_TRANSITIVE")
        except Exception as error:
            raise Unavailable("the schema registry", f"{self._url}: {_without_login(str(error))}") from error


def _without_login(text: str) -> str:
    """`text` without the names and passwords in its addresses."""
    return re.sub(r"//[^/@\s]*@", "//***@", text)
