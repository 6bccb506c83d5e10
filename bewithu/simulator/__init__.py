"""Synthetic agencies that replay Belgium from March 2022 on, reproducibly from a seed.

A plan gives certificates by month (`certificates`), these households (`people`, `replay`), these lives
(`life`: `residence`, `housing`, `benefits`; `pursuits`: `school`, `work`, `courses`), these acts, and each act
the messages that agencies send about it (`messages`: late, doubled, corrected, damaged). Where people are
housed, places are announced (`sites`); what was sent is counted (`ledger`) and declared complete
(`heartbeats`). `run` publishes all of it. All persons are invented.
"""

from bewithu.simulator.certificates import monthly_certificates
from bewithu.simulator.damage import damaged
from bewithu.simulator.plan import Plan
from bewithu.simulator.publication import Damage, Publication
from bewithu.simulator.replay import simulate
from bewithu.simulator.run import Progress, Publisher, run

__all__ = [
    "Damage",
    "Plan",
    "Progress",
    "Publication",
    "Publisher",
    "damaged",
    "monthly_certificates",
    "run",
    "simulate",
]
