"""python -m tests.pool.soak: random operations on the pool, each compared with the oracle."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.pool.walk import Walk

_WALK = 20_000
"""Operations of one walk; each begins with an empty pool and a seed of its own."""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.pool.soak", description=__doc__)
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--accounts", type=int, default=12, help="at most so many at once")
    parser.add_argument("--seed", type=int, default=1, help="of the first walk")
    arguments = parser.parse_args(argv)
    started = time.perf_counter()
    done: Counter[str] = Counter()
    seed = arguments.seed
    while done["operations"] < arguments.operations:
        walk = Walk(seed, accounts=arguments.accounts)
        try:
            walk.run(min(_WALK, arguments.operations - done["operations"]))
        except Exception:
            print(f"seed {seed}, after {walk.done.total()} operations:", file=sys.stderr)
            raise
        world = walk.world
        done.update(walk.done)
        done.update(
            operations=walk.done.total(),
            leased=world.leases,
            refused=world.refusals,
            circuit_open=world.open_circuits,
            waited_as_told=world.waits,
        )
        seed += 1
    seconds = time.perf_counter() - started
    for name, count in sorted(done.items(), key=lambda item: -item[1]):
        print(f"{name:>16} {count:>10,}")
    print(f"no failure; {seconds:.1f} s, {seconds / done['operations'] * 1e6:.0f} us each")
    return 0


if __name__ == "__main__":
    sys.exit(main())
