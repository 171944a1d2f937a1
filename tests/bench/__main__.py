"""`python -m tests.bench [NAME…]`: measure everything, or some of it; print a table and write build/bench.json.

The file holds what this run has measured.  Ends with 1 when a figure does not reach its goal.
"""

import argparse
import sys
from pathlib import Path

from tests.bench import engine, exchange, figure, round_trips, simulator, verification

BENCHES: dict[str, figure.Bench] = {
    "exchange": exchange.figures,
    "engine": engine.figures,
    "simulator": simulator.figures,
    "verification": verification.figures,
}
FILE = Path(__file__).resolve().parents[2] / "build" / "bench.json"


def main() -> int:
    """Measure, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure, and write build/bench.json.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(BENCHES)}")
    names = parser.parse_args().names or list(BENCHES)
    if unknown := [name for name in names if name not in BENCHES]:
        parser.error(f"there is no bench '{unknown[0]}'; there are {', '.join(BENCHES)}")
    figures = [each for name in names for each in BENCHES[name]()]
    figure.show([each for each in figures if not each.name.startswith(round_trips.PREFIX)])
    round_trips.show(figures)
    figure.write(figures, FILE)
    return 1 if any(each.holds is False for each in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
