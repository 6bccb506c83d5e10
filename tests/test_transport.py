from __future__ import annotations
import asyncio
from typing import Any
import faust
from faust.types import TP
from bewithu.settings import Kafka
from streams.worker import make_app, Progress
from streams.transport import BatchConsumer, InFlight
from tests.intake_samples import *

async def test_x() -> None:
    app = make_app(Kafka(), intake_to(None), Progress())
    async def nothing(*a, **k): ...
    c = app.transport.create_consumer(callback=nothing, on_partitions_revoked=nothing, on_partitions_assigned=nothing)
    assert isinstance(c, BatchConsumer)
    tp = TP(REGISTRATION.topic, 3)
    b = batch([b"x"])
    m = c._to_message(tp, b)
    c.track_message(m)
    assert c._new_offset(tp) is None
    print(app.topics.acks_enabled_for(tp.topic))
    print(c.ack(m), c._new_offset(tp))
    b.stored=True
    print(c.ack(m), c._new_offset(tp), c._filter_committable_offsets([tp]))
    
