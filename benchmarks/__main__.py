"""
Measure the whole job beside scripts that do it by hand, and hold it to its goals.

    python -m benchmarks              # everything; half an hour
    python -m benchmarks --short      # the same job on a small table, as CI does weekly
    python -m benchmarks --only releases --peers /path/to/python/with/polars

    python -m benchmarks --short --against main   # a commit beside the present code

Exit code 1 says that a goal was missed, or that a figure is worse than what was seen before. ``--keep`` lets
the figures of this run be what later ones are held to.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import report
from benchmarks.forms import FORMS, SCENARIOS, Form
from benchmarks.judge import failed, judged, keep, seen_before
from benchmarks.measure.checkout import checkout
from benchmarks.measure.homes import Homes
from benchmarks.measure.measured import Measured
from benchmarks.measure.server import Server
from benchmarks.programs import BARE, BEFORE, Program, Script, Statpipe, peers
from benchmarks.stages.run import line_of, stages

OUT = Path("build", "benchmark.json")


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.split("\n")[1]
    )
    parser.add_argument("--short", action="store_true", help="a small table, and fewer of all")
    parser.add_argument(
        "--only", nargs="+", choices=[*SCENARIOS, "stages"], help="some of the scenarios"
    )
    parser.add_argument("--rounds", type=int, help="how often everything is done")
    parser.add_argument("--peers", default=sys.executable, help="a Python that has polars and dlt")
    parser.add_argument("--json", type=Path, default=OUT, help="where the figures are written to")
    parser.add_argument(
        "--against", metavar="COMMIT", help="run this commit beside, in place of what was seen"
    )
    parser.add_argument("--keep", action="store_true", help="hold later runs to these figures")
    return parser.parse_args()


def measured(form: Form, only: list[str], python: str, against: str | None) -> Iterator[Measured]:
    """Run the scenarios, and say each figure as it comes."""
    able, lacking = peers(python)
    if lacking:
        print(f"left out, since {python} lacks what they import: {', '.join(lacking)}", flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="statpipe-benchmark-")))
        folder.chmod(0o711)  # the server's user has to pass
        programs: list[Program] = [Statpipe(), Script(BARE), *able]
        if against:
            code = stack.enter_context(checkout(against, folder / "before"))
            programs.append(Statpipe(name=BEFORE, code=code))
        with Server(folder / "postgres") as server:
            for scenario in only:
                homes = Homes(folder / scenario, server)
                for row in SCENARIOS[scenario].measure(homes, programs, form):
                    said = f"{row.scenario}, {row.program}: {row.wall:.2f} s, {row.work:.2f} CPU s"
                    print(said, file=sys.stderr, flush=True)
                    yield row


def main() -> int:
    """Measure, judge and show."""
    chosen = options()
    form = FORMS["short" if chosen.short else "full"].with_rounds(chosen.rounds)
    only = chosen.only or [*SCENARIOS, *(() if chosen.short else ("stages",))]
    scenarios = [name for name in only if name in SCENARIOS]
    rows = list(measured(form, scenarios, chosen.peers, chosen.against)) if scenarios else []
    goals = [goal for name in scenarios for goal in SCENARIOS[name].goals]
    seen = {} if chosen.against else seen_before(form.name)
    verdicts = judged(goals, rows, seen, full=not chosen.short)
    print("", *report.measured_table(rows), "", *report.verdict_table(verdicts), sep="\n")
    missed = failed(verdicts)
    for name, lines in stages() if "stages" in only else ():
        print(f"\n{name}", *map(line_of, lines), sep="\n  ", flush=True)
        missed |= any(line.get("met") is False for line in lines)
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps(report.document(form.name, rows, verdicts), indent=1))
    if chosen.keep:
        keep(form.name, verdicts)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
