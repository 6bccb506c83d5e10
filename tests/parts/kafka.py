"""Apache Kafka itself: one node, broker and controller in one (KRaft), from its Maven Central jars."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.parts.deadlines import PATIENCE, wait_until
from tests.parts.processes import REPOSITORY, Process, free_port, start_process
from tests.parts.require import require_part
from tests.parts.topics import broker_answers

JARS = REPOSITORY / "tests" / "kafka" / "target" / "lib"
FETCH_JARS = (
    "Java 17 or later and Maven fetch it: "
    "mvn -q -B -f tests/kafka/pom.xml dependency:copy-dependencies -DoutputDirectory=target/lib"
)
CLUSTER_ID = "YmV3aXRodS1mb3ItdGVzdA"  # 16 bytes in URL-safe base64 without padding

# A test's broker lives for seconds: the optimising compiler would cost more than it gains.
JVM_OPTIONS = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")

SERVER_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
num.partitions=1
auto.create.topics.enable=false
message.max.bytes=8388608
replica.fetch.max.bytes=8388608
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# lets a failure test take a dead consumer out of its group within seconds
group.min.session.timeout.ms=1000
# the default of 128 MiB would be a quarter of the heap
log.cleaner.dedupe.buffer.size=8388608
# after a kill the controller refuses the new broker until the old one's session is over (9 s by default)
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=250
# with one node there is nobody to hand leadership to
controlled.shutdown.enable=false
"""

LOG4J_PROPERTIES = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


@dataclass(slots=True)
class ApacheKafka:
    """A running Apache Kafka. Its data, settings and log (`kafka.log`) are in `folder`."""

    folder: Path
    port: int
    process: Process

    @classmethod
    def start(cls, folder: Path, more_properties: str = "") -> ApacheKafka:
        """Format the storage in `folder`, start, and return once the broker serves clients.

        `more_properties`: lines of server.properties beside ours, or instead of them. Skips the test (see
        `require_part`) when Java or the jars are missing.
        """
        require_apache_kafka()
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        settings = SERVER_PROPERTIES.format(port=port, controller_port=free_port(), data=folder / "data")
        (folder / "server.properties").write_text(settings + more_properties)
        (folder / "log4j2.properties").write_text(LOG4J_PROPERTIES)
        format_storage(folder)
        return cls(folder, port, launch(folder, port))

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, no consumer is told."""
        self.process.kill()

    def restart(self) -> None:
        """Start again on the same port and data, whether it was killed, stopped or still runs."""
        self.stop()
        self.process = launch(self.folder, self.port)

    def stop(self) -> None:
        self.process.stop()


def require_apache_kafka() -> None:
    present = shutil.which("java") is not None and any(JARS.glob("kafka_2.13-*.jar"))
    require_part("Apache Kafka", present, FETCH_JARS)


def _java(folder: Path, main: str, *arguments: str | Path) -> Sequence[str | Path]:
    log4j = f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}"
    return ["java", *JVM_OPTIONS, log4j, "-cp", f"{JARS}/*", main, *arguments]


def format_storage(folder: Path, *users: str) -> None:
    properties = folder / "server.properties"
    command = _java(
        folder,
        "kafka.tools.StorageTool",
        "format",
        "--cluster-id",
        CLUSTER_ID,
        "--config",
        properties,
        *users,
    )
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
    if done.returncode:
        raise RuntimeError(f"Kafka could not format its storage in {folder}:\n{done.stdout}{done.stderr}")


def launch(folder: Path, port: int) -> Process:
    command = _java(folder, "kafka.Kafka", folder / "server.properties")
    process = start_process(command, folder / "kafka.log")
    try:
        wait_until(
            lambda: broker_answers(f"127.0.0.1:{port}"),
            60,
            f"Apache Kafka to answer on port {port}",
            process=process,
        )
    except BaseException:
        process.kill()
        raise
    return process
