"""The schema registry: confluent-kafka's client, which also has the in-process `mock://` registry."""

from __future__ import annotations

from typing import Any

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from bewithu.errors import BewithuError, Unavailable
from bewithu.refusals import login_refusal, tls_refusal
from bewithu.settings import Registry
from schemas.contracts import Contract, contracts
from schemas.outward import outward_contracts

#: Versions of a subject are readable both ways, all of them.
COMPATIBILITY = "FULL_TRANSITIVE"
_NOT_FOUND = frozenset({40401, 40402, 40403, 404})
_NO_LEVEL = frozenset({40408})
_NOT_COMPATIBLE = frozenset({409})
_INVALID = 42201
_LOGIN_REFUSED = frozenset({401, 403})


class SchemaRegistry:
    """Looks schemas up by id and registers contracts. Raises `Unavailable` when the registry is away."""

    def __init__(self, settings: Registry) -> None:
        self._client: Any = SchemaRegistryClient.new_client(client_options(settings))
        self._settings = settings

    def schema(self, schema_id: int) -> str | None:
        """The text of a schema, or None when the registry knows no such id."""
        try:
            text: str = self._client.get_schema(schema_id).schema_str
        except SchemaRegistryError as error:
            if error.error_code in _NOT_FOUND or error.http_status_code == 404:
                return None
            raise self._away(error) from error
        except Exception as error:
            raise self._away(error) from error
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
            if error.error_code == _INVALID:
                raise BewithuError(
                    f"the registry finds no valid schema in {contract.name} for {contract.subject}: "
                    f"{error.error_message}; mend the file, see bewithu schemas check"
                ) from error
            if error.http_status_code in _NOT_COMPATIBLE or error.error_code in _NOT_COMPATIBLE:
                raise BewithuError(
                    f"the registry refuses {contract.name} for {contract.subject}: {error.error_message}; "
                    "an incompatible change needs a new major version"
                ) from error
            raise self._away(error) from error
        except Exception as error:
            raise self._away(error) from error
        return schema_id

    def register_all(self) -> dict[str, int]:
        """Registers every contract, also those of what we publish, for full transitive compatibility; ids by topic."""
        ids = {}
        for contract in (*contracts().values(), *outward_contracts().values()):
            ids[contract.topic] = self.register(contract)
            self.require_compatibility(contract)
        return ids

    def require_compatibility(self, contract: Contract) -> None:
        """Asks the registry to keep versions of this subject readable both ways, for all versions."""
        try:
            self._client.set_compatibility(contract.subject, COMPATIBILITY)
        except Exception as error:
            raise self._away(error) from error

    def knows(self, contract: Contract) -> bool:
        """Whether this version of the contract is registered under its subject."""
        try:
            self._client.lookup_schema(contract.subject, Schema(contract.schema_text, schema_type="AVRO"))
        except SchemaRegistryError as error:
            if error.error_code in _NOT_FOUND or error.http_status_code == 404:
                return False
            raise self._away(error) from error
        except Exception as error:
            raise self._away(error) from error
        return True

    def compatibility(self, contract: Contract) -> str:
        """What the registry holds new versions of the subject to; its own default where nothing is set."""
        try:
            return str(self._client.get_compatibility(contract.subject))
        except SchemaRegistryError as error:
            if error.error_code in _NO_LEVEL or error.http_status_code == 404:
                return "the registry's default"
            raise self._away(error) from error
        except Exception as error:
            raise self._away(error) from error

    def _away(self, error: Exception) -> Unavailable:
        """What went wrong, in words that lead to the setting to mend where it is one."""
        url = self._settings.url
        detail = tls_refusal(error, url, self._settings)
        if isinstance(error, SchemaRegistryError) and error.http_status_code in _LOGIN_REFUSED:
            detail = login_refusal(url, self._settings.username, self._settings)
        return Unavailable("the schema registry", detail or f"{url}: {error}")


def client_options(settings: Registry) -> dict[str, Any]:
    """Of confluent-kafka's registry client. Holds secrets: never print it."""
    options: dict[str, Any] = {"url": settings.url, "timeout": 5, "max.retries": 1}
    files = {
        "ssl.ca.location": settings.ca_file,
        "ssl.certificate.location": settings.certificate_file,
        "ssl.key.location": settings.key_file,
    }
    options |= {name: str(file) for name, file in files.items() if file is not None}
    if settings.key_password is not None:
        options["ssl.key.password"] = settings.key_password.get_secret_value()
    if settings.username and settings.password is not None:
        options["basic.auth.user.info"] = f"{settings.username}:{settings.password.get_secret_value()}"
    return options
