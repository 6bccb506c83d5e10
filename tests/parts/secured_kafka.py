"""Apache Kafka that takes clients over TLS alone: with a SCRAM login, or with a certificate of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.parts.authority import Authority, Certificate
from tests.parts.deadlines import wait_until
from tests.parts.kafka import (
    LOG4J_PROPERTIES,
    SERVER_PROPERTIES,
    format_storage,
    launch,
    require_apache_kafka,
)
from tests.parts.processes import Process, answers_tcp, free_port

#: The user that every listener with a login knows. The password is one that no log has by chance.
USER, PASSWORD = "bewithu", "geheim-kafka-7f3a"
MECHANISM = "SCRAM-SHA-512"

# The broker talks to itself over PLAINTEXT: its own login would have to be there before it starts.
SECURED_PROPERTIES = """\
listeners=PLAINTEXT://127.0.0.1:{plain_port},CONTROLLER://127.0.0.1:{controller_port},\
LOGIN://127.0.0.1:{port},CERTIFICATE://127.0.0.1:{certificate_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{plain_port},LOGIN://localhost:{port},\
CERTIFICATE://localhost:{certificate_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_SSL,CERTIFICATE:SSL
sasl.enabled.mechanisms=SCRAM-SHA-512,SCRAM-SHA-256,PLAIN
listener.name.login.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.login.scram-sha-256.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.login.plain.sasl.jaas.config=\
org.apache.kafka.common.security.plain.PlainLoginModule required user_{user}="{password}";
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={truststore}
listener.name.certificate.ssl.client.auth=required
"""


@dataclass(slots=True)
class SecuredKafka:
    """A running Apache Kafka whose certificate is for `localhost`; its log is `kafka.log` in `folder`."""

    folder: Path
    authority: Authority
    port: int
    certificate_port: int
    process: Process

    @classmethod
    def start(cls, folder: Path, authority: Authority) -> SecuredKafka:
        """Returns once every listener is open. Skips the test when Java or the jars are missing."""
        require_apache_kafka()
        folder.mkdir(parents=True, exist_ok=True)
        port, certificate_port, plain_port, controller_port = (free_port() for _ in range(4))
        keystore = folder / "keystore.pem"
        keystore.write_text(_key_and_chain(authority.issue("localhost")))
        plain = SERVER_PROPERTIES.format(
            port=plain_port, controller_port=controller_port, data=folder / "data"
        )
        secured = SECURED_PROPERTIES.format(
            port=port, certificate_port=certificate_port, plain_port=plain_port, controller_port=controller_port,
            user=USER, password=PASSWORD, keystore=keystore, truststore=authority.file,
        )  # fmt: skip
        # Of a key that comes twice, Java takes the last.
        (folder / "server.properties").write_text(plain + secured)
        (folder / "log4j2.properties").write_text(LOG4J_PROPERTIES)
        users = [
            f"{mechanism}=[name={USER},password={PASSWORD}]" for mechanism in (MECHANISM, "SCRAM-SHA-256")
        ]
        format_storage(folder, *(word for user in users for word in ("--add-scram", user)))
        process = launch(folder, plain_port)
        broker = cls(folder, authority, port, certificate_port, process)
        wait_until(lambda: answers_tcp(port), 30, "the secured listener to open", process=process)
        return broker

    @property
    def bootstrap_servers(self) -> str:
        return f"localhost:{self.port}"

    def stop(self) -> None:
        self.process.stop()


def _key_and_chain(certificate: Certificate) -> str:
    return certificate.key.read_text() + certificate.file.read_text()
