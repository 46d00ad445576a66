# Copyright (c) 2026, Wombat for Ansible contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The placement benchmark: three cases, the placement and its rivals, each in a process of its own; prints a table.

Run it as `python tests/bench/placement.py [small] [middle] [large] [--limit SECONDS]`. Rivals have the same time limit;
CP-SAT needs `placement_requirements.txt`. Nothing here fails on a slow machine: compare the ratios.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import itertools
import multiprocessing
import resource
import sys
import time
import typing as t
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import placement_cases
import placement_cpsat

GAPS = {"small": 0.0, "middle": 0.01, "large": 0.01}
GOALS = {"small": "optimal, 0.5 s", "middle": "<= 1 %, 2 CPU-s", "large": "<= 1 %, 2 CPU-s, 300 MB"}
METHODS = ("ours", "greedy", "unpruned", "cp_sat")
SEEDS = range(8)
LIMITS = (1.0, 2.0, 3.0, 5.0, 10.0)


def measure(case: str, method: str, limit: float) -> dict[str, t.Any]:
    """Run one method on one case in this process."""
    data = getattr(placement_cases, case)()
    if method == "cp_sat":
        # The program has to come from a process that never sees OR-Tools.
        program = alone(rival, "program_of", data)
    cpu, wall = time.process_time(), time.monotonic()
    try:
        row = (
            placement_cpsat.solve(program, GAPS[case], limit)
            if method == "cp_sat"
            else rival(method, data, GAPS[case], limit)
        )
    except ImportError as error:
        return {"error": f"{error}; pip install -r tests/bench/placement_requirements.txt"}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**row, "cpu": time.process_time() - cpu, "wall": time.monotonic() - wall, "memory": memory}


def rival(function: str, *arguments: t.Any) -> t.Any:
    """Call a function of `placement_rivals`."""
    import placement_rivals

    return getattr(placement_rivals, function)(*arguments)


def seeds(case: str) -> list[tuple[float, float, str]]:
    """CPU seconds, gap and status for every seed of a case."""
    from ansible_collections.wombat.erlang.plugins.plugin_utils.placement import place

    found = []
    for seed in SEEDS:
        data = getattr(placement_cases, case)(seed)
        started = time.process_time()
        result = place(*data, gap=GAPS[case], time_limit=600)
        found.append((time.process_time() - started, result["gap"], result["status"]))
    return found


def deadline(case: str, seconds: float) -> tuple[float, float, dict[str, t.Any]]:
    """How long an unreachable goal takes with a time limit, in wall and CPU seconds, and what came of it."""
    from ansible_collections.wombat.erlang.plugins.plugin_utils.placement import place

    data = getattr(placement_cases, case)()
    started, cpu = time.monotonic(), time.process_time()
    result = place(*data, gap=0.0, time_limit=seconds)
    return time.monotonic() - started, time.process_time() - cpu, result


def conflict(case: str) -> tuple[float, list[str]]:
    """CPU seconds until a large case without a solution is answered, and what helps."""
    from ansible_collections.wombat.erlang.plugins.plugin_utils.placement import place

    data = getattr(placement_cases, case)()
    started = time.process_time()
    result = place(*data, gap=0.01, time_limit=600)
    return time.process_time() - started, [row["text"] for row in result["conflict"]]


def explaining() -> float:
    """Seconds to explain the large case."""
    from ansible_collections.wombat.erlang.plugins.plugin_utils.placement import explain, place

    result = place(*placement_cases.large(), gap=0.01)
    started = time.monotonic()
    explain(result)
    return time.monotonic() - started


def alone(function: t.Callable[..., t.Any], *arguments: t.Any) -> t.Any:
    """Call a function in a fresh process: peak memory is that of its work alone."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


def line(*cells: object) -> None:
    """Print one row of the table."""
    widths = (8, 10, 9, 10, 8, 10, 9, 8, 8, 8, 9)
    print("  ".join(f"{cell!s:<{width}}" for cell, width in zip(cells, widths, strict=False)), flush=True)


def main() -> None:
    """Print the table for the cases of the command line."""
    parser = argparse.ArgumentParser(description="Compare the placement with its rivals.")
    parser.add_argument("cases", nargs="*", default=list(GAPS), help="small, middle, large")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for every rival")
    options = parser.parse_args()
    line("case", "method", "unplaced", "prefer", "skew", "price", "gap", "CPU s", "x ours", "MB", "stopped")
    for case in options.cases:
        first = None
        for method in METHODS:
            row = alone(measure, case, method, options.limit)
            if "error" in row:
                line(case, method, row["error"])
                continue
            first = first or row["cpu"]
            gap = "-" if row["gap"] is None else f"{100 * row['gap']:.3f} %"
            cost = (f"{row['cpu']:.2f}", f"{row['cpu'] / first:.1f}", f"{row['memory']:.0f}", row["limit"] or "-")
            line(case, method, row["unplaced"], row["prefer"], row["skew"], row["price"], gap, *cost)
        print(f"{case}: goal {GOALS[case]}")
        rows = alone(seeds, case)
        print(f"  seeds, CPU s: {', '.join(f'{cpu:.2f}' for cpu, _gap, _status in rows)}")
        print(f"  seeds, gap:   {', '.join(f'{100 * gap:.2f} %' for _cpu, gap, _status in rows)}")
    for case, seconds in itertools.product(("large", "short"), LIMITS):
        wall, cpu, result = alone(deadline, case, seconds)
        over = f"{100 * (wall / seconds - 1):+.0f} %"
        placed = f"{result['objective']['unplaced']} unplaced, gap {100 * result['gap']:.3f} %"
        print(f"{case}, limit {seconds:g} s: {wall:.2f} s ({over}), {cpu:.2f} CPU-s, {result['limit']}, {placed}")
    for case in ("short", "blocked"):
        cpu, texts = alone(conflict, case)
        print(f"{case}: {cpu:.2f} CPU-s until {'; '.join(texts) or 'nothing was found'}")
    print(f"explaining the large case took {alone(explaining):.3f} s")


if __name__ == "__main__":
    main()
