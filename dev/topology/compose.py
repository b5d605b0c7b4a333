"""docker-compose.yml and Dockerfile as data: for the tests, and to run the same natively."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from campaign.errors import BadSettings, Problem

ROOT = Path(__file__).parent.parent.parent
COMPOSE, DOCKERFILE = ROOT / "docker-compose.yml", ROOT / "Dockerfile"
ENVIRONMENT_EXAMPLE, AFTERGLOW_EXAMPLE = ROOT / ".env.example", ROOT / "afterglow.env.example"

# ${NAME:?why it must be set} and ${NAME:-default}: the two forms that the file uses.
VARIABLE = re.compile(r"\$\{(?P<name>\w+):(?P<kind>[?-])(?P<text>[^}]*)\}")
_COPY = re.compile(r"^COPY (?!--from)(?P<source>\S+) (?P<target>\S+)$", re.MULTILINE)


def read_compose() -> dict[str, Any]:
    """Return the file with its anchors and merges resolved, variables as they are written."""
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(COMPOSE.read_text("utf-8"))
    return content


def filled(text: str, variables: Mapping[str, str]) -> str:
    """Replace variables as Compose does.

    Raises:
        BadSettings: one that must be set is empty or missing.
    """

    def value(found: re.Match[str]) -> str:
        given = variables.get(found["name"], "")
        if found["kind"] == "?" and not given:
            raise BadSettings([Problem(found["name"], "is missing", found["text"])])
        return given or found["text"]

    return VARIABLE.sub(value, text)


def environment_of(service: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, str]:
    """Return a service's own environment, variables replaced."""
    return {name: filled(str(value), variables) for name, value in service.get("environment", {}).items()}


def read_environment(file: Path) -> dict[str, str]:
    """Return the ``NAME=value`` lines of an environment file; commented ones are left out."""
    lines = file.read_text("utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line.strip() and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def copied() -> list[tuple[str, str]]:
    """Return what the Dockerfile copies from the repository: (source, target) each."""
    return _COPY.findall(DOCKERFILE.read_text("utf-8").partition("\nWORKDIR")[2])


def lay_out(folder: Path) -> Path:
    """Lay out in a folder what an image has in /app; return it."""
    folder.mkdir(parents=True)
    ignore = shutil.ignore_patterns("__pycache__")
    for source, target in copied():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / target, ignore=ignore)
        else:
            shutil.copy2(ROOT / source, folder / target)
    return folder


def seconds(duration: str) -> float:
    """Return the seconds of a duration such as ``45s``, the only unit that the file uses."""
    return float(duration.removesuffix("s"))
