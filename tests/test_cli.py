"""The command line: help, exit codes, one JSON document, and where a definition or a setting is wrong."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
import typer.main
from confluent_kafka import Consumer, TopicPartition

from bewithu import __version__, cli
from schemas.contracts import contract_of, contracts
from schemas.examples import good_examples
from sinks.clickhouse.database import Database
from streams.topics import ensure_topics
from tests.parts.clickhouse import ClickHouse
from tests.parts.processes import free_port
from tests.parts.registry import SchemaRegistry
from tests.parts.smtp import SmtpServer
from tests.parts.tansu import Tansu

#: Belongs to nobody: the month of birth is 99.99.99's neighbour, the check digits are right (examples, bad).
NOBODYS_NUMBER = "99010100140"
