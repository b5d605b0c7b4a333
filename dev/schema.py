"""``python -m dev.schema [--check]``: write the JSON Schema of campaign.toml, or check that it is current."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from campaign.definition.loading import definition_schema

FILE = Path(__file__).parent.parent / "docs" / "campaign.schema.json"


def main() -> int:
    """Write the file; with --check only report whether it is current."""
    parser = argparse.ArgumentParser(prog="python -m dev.schema", description=f"Write {FILE.name}.")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if it is out of date"
    )
    wanted = json.dumps(definition_schema(), indent=2) + "\n"
    if parser.parse_args().check:
        current = FILE.exists() and FILE.read_text("utf-8") == wanted
        print(f"{FILE.name}: {'current' if current else 'out of date: run `make schema`'}")
        return 0 if current else 1
    FILE.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
