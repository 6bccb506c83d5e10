"""The last resort against an error that nobody thought of: find the record that causes it, and let the others pass.

One record must not stop a partition for ever. But an error that most records cause is ours, not theirs: then nobody
is blamed, everything waits, and the log and `/health/ready` say why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bewithu.errors import Unavailable
from streams.batches import RecordBatch
from streams.intake import Intake, Outcome
from streams.record_batches import KafkaRecord

#: So many records may be blamed whatever their share is; beyond that they must be fewer than half of all.
_FEW = 10


def take_apart(intake: Intake, batches: Sequence[RecordBatch]) -> Outcome:
    """Takes batch by batch, and where that fails record by record; quarantines the records that cannot be taken.

    Raises `Unavailable` as `Intake.take` does, and the last unexpected error if too many records cause one.
    """
    outcomes, culprits, tried = [], list[tuple[RecordBatch, Exception]](), 0
    for batch in batches:
        try:
            outcomes.append(intake.take(batch))
            tried += outcomes[-1].records
        except Unavailable:
            raise
        except Exception:
            for single in _singles(batch):
                tried += 1
                try:
                    outcomes.append(intake.take(single))
                except Unavailable:
                    raise
                except Exception as error:
                    culprits.append((single, error))
    if len(culprits) > _FEW and 2 * len(culprits) >= tried:
        raise culprits[-1][1]
    outcomes += [intake.set_aside(single, error) for single, error in culprits]
    topics = Counter[str]()
    for each in outcomes:
        topics.update(each.by_topic)
    return Outcome(
        sum(each.records for each in outcomes),
        [refusal for each in outcomes for refusal in each.refused],
        topics,
        [note for each in outcomes for note in each.notes],
    )


def _singles(batch: RecordBatch) -> Iterator[RecordBatch]:
    records: list[KafkaRecord] = list(batch.records)
    for each in batch.log:
        records += each.records()
    for record in records:
        yield RecordBatch(batch.topic, batch.partition, records=[record])
