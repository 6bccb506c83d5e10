"""How every Kafka client of ours connects: librdkafka's options, Faust's credentials, and what a refusal means."""

from __future__ import annotations

import logging
import re
from time import monotonic
from typing import Any

import faust
from confluent_kafka import KafkaError

from bewithu.links import tls_context
from bewithu.refusals import login_refusal, probe_tls
from bewithu.settings import Kafka

_PROBE_SECONDS = 2.0
#: librdkafka tells of these through its callback alone; a caller sees no more than a timeout.
_REFUSED = frozenset({KafkaError._AUTHENTICATION, KafkaError._SSL})
_SPEAKING = frozenset({KafkaError._RESOLVE, KafkaError._TRANSPORT})
#: Seconds in which a broker that starts may refuse what it will take.
_PATIENCE = 5.0


def librdkafka_options(kafka: Kafka) -> dict[str, Any]:
    """What producers, consumers and admin clients of confluent-kafka start from. Holds secrets: never print it."""
    options: dict[str, Any] = {
        "bootstrap.servers": kafka.bootstrap_servers,
        "security.protocol": kafka.security_protocol,
    }
    if kafka.encrypted:
        options |= {
            "enable.ssl.certificate.verification": True,
            "ssl.endpoint.identification.algorithm": "https",
        }
        files = {
            "ssl.ca.location": kafka.ca_file,
            "ssl.certificate.location": kafka.certificate_file,
            # The certificate's own file has the key where no other is named.
            "ssl.key.location": kafka.key_file or kafka.certificate_file,
        }
        options |= {name: str(file) for name, file in files.items() if file is not None}
        if kafka.key_password is not None:
            options["ssl.key.password"] = kafka.key_password.get_secret_value()
    if kafka.logs_in:
        assert kafka.sasl_password is not None
        options |= {
            "sasl.mechanisms": kafka.sasl_mechanism,
            "sasl.username": kafka.sasl_username,
            "sasl.password": kafka.sasl_password.get_secret_value(),
        }
    return options


def faust_credentials(kafka: Kafka) -> faust.SASLCredentials | faust.SSLCredentials | None:
    """The same for Faust's aiokafka; None means PLAINTEXT."""
    context = tls_context(kafka) if kafka.encrypted else None
    if kafka.logs_in:
        assert kafka.sasl_password is not None
        return faust.SASLCredentials(
            username=kafka.sasl_username,
            password=kafka.sasl_password.get_secret_value(),
            mechanism=kafka.sasl_mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context else None


class Complaints:
    """The `error_cb` of a librdkafka client: remembers what it last complained of."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka
        self._last: KafkaError | None = None
        self._refused_since: float | None = None

    def __call__(self, error: KafkaError) -> None:
        refused = error.code() in _REFUSED
        if refused and self._refused_since is None:
            self._refused_since = monotonic()
        # That a connection was lost says less than why it was refused.
        if refused or (error.code() in _SPEAKING and self._refused_since is None):
            self._last = error

    def clear(self) -> None:
        """To be called when the broker has done what it was asked."""
        self._last = self._refused_since = None

    @property
    def last_long(self) -> bool:
        """Whether we have been refused for longer than a broker's start explains: somebody must mend settings."""
        return self._refused_since is not None and monotonic() - self._refused_since > _PATIENCE

    def explained(self, otherwise: str) -> str:
        """The cause, in words that lead to the setting to mend; `otherwise` when none was told."""
        kafka = self._kafka
        if self._last is None:
            # A broker that expects TLS or a login hangs up, and librdkafka has nothing to tell.
            hint = "" if kafka.encrypted else f"; security_protocol is {kafka.security_protocol}"
            return f"{otherwise}{hint}"
        text = _plain(self._last.str())
        if self._last.code() == KafkaError._AUTHENTICATION:
            return login_refusal(kafka.bootstrap_servers, kafka.sasl_username, kafka, "sasl_")
        if " alert " in text:
            return f"{text}: the broker refused our side of TLS, check {kafka.variable('certificate_file')}"
        return _tls_refusal(kafka) or f"{kafka.bootstrap_servers}: {text}"


def _plain(text: str) -> str:
    """librdkafka's words without what differs from one try to the next."""
    text = re.sub(r" \(after \d+ms in state .*\)$", "", text)
    text = re.sub(r"Connect to ipv[46]#\S+ failed: ", "", text)
    return re.sub(r"^\w+://([^/]+)/\w+: ", r"\1: ", text)


def _tls_refusal(kafka: Kafka) -> str | None:
    """librdkafka says the same of a wrong name and of a wrong authority, so we look ourselves."""
    if not kafka.encrypted:
        return None
    for server in kafka.bootstrap_servers.split(","):
        host, _, port = server.strip().rpartition(":")
        if port.isdigit() and (refusal := probe_tls(host.strip("[]"), int(port), kafka, _PROBE_SECONDS)):
            return refusal
    return None


class _WithoutLogins(logging.Filter):
    """aiokafka logs every request at DEBUG, and a login's holds the password."""

    def filter(self, record: logging.LogRecord) -> bool:
        args = record.args if isinstance(record.args, tuple) else ()
        return not any(type(argument).__name__.startswith("SaslAuthenticate") for argument in args)


logging.getLogger("aiokafka.conn").addFilter(_WithoutLogins())
