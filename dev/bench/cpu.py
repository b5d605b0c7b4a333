"""CPU seconds of processes and their children, from /proc (proc_pid_stat(5)). Linux; 0 elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_PROC = Path("/proc")
# Fields after the program's name: parent, utime, stime, and the same of children that were waited for.
_PARENT, _TIMES = 1, slice(11, 15)


def cpu_seconds(pid: int | None) -> float:
    """Return what a process and all below it have used so far, ended children included."""
    if pid is None:
        return 0.0
    ticks = {int(entry.name): _stat(entry) for entry in _PROC.glob("[0-9]*")}
    return sum(map(_own, (fields for child, fields in ticks.items() if _is_below(child, pid, ticks))))


def all_cpu(pids: Mapping[str, int | None]) -> dict[str, float]:
    """Return `cpu_seconds` by name."""
    return {name: cpu_seconds(pid) for name, pid in pids.items()}


def _own(fields: list[str]) -> float:
    return sum(map(int, fields[_TIMES])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _is_below(pid: int, root: int, stats: Mapping[int, list[str]]) -> bool:
    while pid != root:
        fields = stats.get(pid)
        if not fields:
            return False
        pid = int(fields[_PARENT])
    return True


def _stat(entry: Path) -> list[str]:
    try:
        return (entry / "stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return []
