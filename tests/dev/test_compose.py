"""docker-compose.yml, Dockerfile and their environment files: what can be proved without a Docker engine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from campaign.errors import BadSettings
from dev.servers.binaries import SERVER, SQL_TOOL, WEB_UI
from dev.topology.compose import (
    AFTERGLOW_EXAMPLE,
    COMPOSE,
    DOCKERFILE,
    ENVIRONMENT_EXAMPLE,
    ROOT,
    VARIABLE,
    copied,
    environment_of,
    filled,
    lay_out,
    read_compose,
    read_environment,
    seconds,
)
from settings import PREFIX, Settings, load_settings

SERVICES: dict[str, dict[str, Any]] = read_compose()["services"]
LASTING = {name: service for name, service in SERVICES.items() if "restart" in service}
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
SETTINGS = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
VARIABLES = dict.fromkeys(read_environment(ENVIRONMENT_EXAMPLE), "a-long-and-random-password")
EXACT = re.compile(r"^[\w/-]+:\d+\.\d+(\.\d+)?(-\w+)*$")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No settings but a test's own."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def test_the_services_are_the_ones_promised() -> None:
    """What runs for long, and what runs once."""
    assert set(LASTING) == {"postgresql", "temporal", "temporal-ui", "worker", "web"}
    assert set(SERVICES) - set(LASTING) == {"temporal-schema", "temporal-namespace", "migrate"}


@pytest.mark.parametrize("name", LASTING)
def test_each_lasting_service_is_watched_and_comes_back(name: str) -> None:
    """A health check with an end, a restart after a crash, and time to end."""
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= set(service["healthcheck"])
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_order_waits_for_health_and_for_one_shots_to_end_well(name: str) -> None:
    """No service starts because another has merely been started."""
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        lasting = other in LASTING
        assert wait["condition"] == ("service_healthy" if lasting else "service_completed_successfully")


def test_images_are_pinned_to_exact_tags() -> None:
    """No `latest`, no bare major, in docker-compose.yml and in the Dockerfile; and one Python there."""
    foreign = [service["image"] for service in SERVICES.values() if "build" not in service]
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE.read_text("utf-8"), re.MULTILINE)
    assert [image for image in [*foreign, *bases] if not EXACT.match(image)] == []
    assert len(bases) == 2
    assert len(set(bases)) == 1


def test_the_versions_are_the_ones_tested() -> None:
    """Temporal's images are of the versions that tests build; our tag is this version."""
    wanted = {"temporal": SERVER, "temporal-ui": WEB_UI, "temporal-schema": SQL_TOOL}
    for name, binary in wanted.items():
        assert f"v{SERVICES[name]['image'].partition(':')[2]}" == binary.version
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert {filled(service["image"], {}) for service in OURS.values()} == {f"afterglow:{version}"}


def test_no_password_has_a_default() -> None:
    """Whatever holds a password must be set; Compose says so instead of starting."""
    found = {match["name"]: match["kind"] for match in VARIABLE.finditer(COMPOSE.read_text("utf-8"))}
    assert {name for name, kind in found.items() if kind == "?"} == set(VARIABLES)
    assert {name for name in found if "PASSWORD" in name} == set(VARIABLES)
    for service in SERVICES.values():
        literal = [str(v) for k, v in service.get("environment", {}).items() if "PASSWORD" in k]
        assert all(VARIABLE.fullmatch(value) for value in literal)
    with pytest.raises(BadSettings, match="POSTGRES_PASSWORD"):
        environment_of(SERVICES["postgresql"], read_environment(ENVIRONMENT_EXAMPLE))


@pytest.mark.parametrize("name", OURS)
def test_our_services_get_real_settings_in_production(name: str, environment: pytest.MonkeyPatch) -> None:
    """Each AFTERGLOW_* is a setting, the file of secrets reaches all, and its placeholders are refused."""
    own = environment_of(SERVICES[name], VARIABLES)
    assert {variable for variable in own if variable.startswith(PREFIX)} <= SETTINGS
    assert own["AFTERGLOW_ENVIRONMENT"] == "production"
    assert SERVICES[name]["env_file"] == ["afterglow.env"]
    secrets = {k: v for k, v in read_environment(AFTERGLOW_EXAMPLE).items() if k in SETTINGS}
    assert "AFTERGLOW_API_TOKEN" in secrets
    for variable, value in (own | secrets).items():
        environment.setenv(variable, value)
    with pytest.raises(BadSettings) as refused:
        load_settings()
    assert {problem.where for problem in refused.value.problems} == set(secrets)
    for variable in secrets:
        environment.setenv(variable, "a-long-and-random-secret")
    assert load_settings().production


def test_our_services_end_in_their_own_time() -> None:
    """Docker's patience is longer than the worker's own."""
    for name in ("worker", "web"):
        own = int(environment_of(SERVICES[name], VARIABLES)["AFTERGLOW_SHUTDOWN_SECONDS"])
        assert seconds(SERVICES[name]["stop_grace_period"]) > own


@pytest.mark.parametrize("name", OURS)
def test_our_commands_exist_in_the_image(name: str, tmp_path: Path) -> None:
    """With nothing but what the Dockerfile copies, each module is found and all its imports are there."""
    _python, _m, module, *rest = SERVICES[name]["command"]
    app = lay_out(tmp_path / "app")
    check = f"import {module}.__main__"
    arguments = ["-m", module, *rest, "--help"] if rest else ["-c", check]
    done = subprocess.run([sys.executable, *arguments], cwd=app, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_image_has_every_room_and_no_secret() -> None:
    """The Dockerfile copies all that lint knows as ours but dev; .dockerignore lets through only that."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    rooms = set(project["tool"]["importlinter"]["root_packages"]) - {"dev"}
    assert {source.rstrip("/") for source, _ in copied()} == rooms | {"settings", "logs.py", "counters.py"}
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert lines[1] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == rooms | {
        "settings",
        "logs.py",
        "counters.py",
        "requirements.lock",
    }


def test_containers_are_not_root_and_may_do_little() -> None:
    """Our image has a user of its own by number; each container drops its rights and cannot win any."""
    assert re.search(r"^USER \d{4,}:\d{4,}$", DOCKERFILE.read_text("utf-8"), re.MULTILINE)
    for service in SERVICES.values():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    assert {name for name, service in SERVICES.items() if not service.get("read_only")} == {"postgresql"}


def test_ports_are_this_machines_own() -> None:
    """Nothing listens for the world: a TLS proxy of the operator's does."""
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert "ports" not in SERVICES["postgresql"]


def test_what_is_mounted_is_there() -> None:
    """Each file that is mounted from the repository exists, and is read-only in the container."""
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    files = [mount.split(":") for mount in mounts if mount.startswith("./")]
    assert files
    for source, _target, *mode in files:
        assert (ROOT / source).is_file()
        assert mode == ["ro"]
