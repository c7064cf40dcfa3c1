"""How should threads wait for each other? ``python tools/waiting.py`` prints the table of docs/performance.md.

A training step of the default suite's model (a batch of 32 rows of 32 tokens, two threads) is timed in processes of
its own: with OpenMP's threads spinning and sleeping while they wait, in fp32 and under bf16 autocast, on a machine that
does nothing else and beside a process that keeps one core busy. Takes minutes; nothing else may run meanwhile.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from statistics import median

from tabulate import tabulate

THREADS, ROWS, TOKENS = 2, 32, 32
WARM_UP, STEPS = 5, 25

WAITING = {"spinning": {"OMP_WAIT_POLICY": "ACTIVE"}, "passive": {"OMP_WAIT_POLICY": "PASSIVE"}}


def main() -> None:
    """Time a step under all circumstances, or under those of this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", choices=("fp32", "bf16"), help="time steps in this process, and print the seconds")
    given = parser.parse_args()
    if given.step:
        print(json.dumps(steps(bf16=given.step == "bf16")))
    else:
        print(table())


def table() -> str:
    """Return the median seconds of a step, and the ratio of sleeping to spinning."""
    rows = []
    for precision, busy in product(("fp32", "bf16"), (False, True)):
        seconds = {waiting: median(_timed(precision, waiting, busy=busy)) for waiting in WAITING}
        ratio = seconds["passive"] / seconds["spinning"]
        cells = [f"{seconds[waiting]:.2f} s" for waiting in WAITING]
        rows.append((precision, "one busy process" if busy else "nothing", *cells, f"{ratio:.2f}"))
    headers = ("training in", "beside", "spinning", "passive", "passive / spinning")
    return tabulate(rows, headers=headers, tablefmt="github")


def _timed(precision: str, waiting: str, *, busy: bool) -> list[float]:
    """Return the seconds of each step in a process of its own."""
    neighbour = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if busy else None
    try:
        command = [sys.executable, __file__, "--step", precision]
        environment = os.environ | WAITING[waiting] | {"OMP_NUM_THREADS": str(THREADS)}
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    finally:
        if neighbour is not None:
            neighbour.kill()
            neighbour.wait()
    seconds: list[float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def steps(*, bf16: bool) -> list[float]:
    """Return the seconds of each training step after a few that warm up."""
    import torch

    from bench_models.build import Builder
    from bench_models.recipes import classifier
    from bench_models.storage import Store
    from bench_models.suites.rotten_tomatoes import SUITE

    builder = Builder(suite=SUITE, store=Store.default())
    model = classifier.load(Path(builder.checkpoint), builder.corpus.labels).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    ids = torch.randint(1000, 20_000, (ROWS, TOKENS), generator=torch.Generator().manual_seed(0))
    labels = torch.arange(ROWS) % 2
    seconds = []
    for _ in range(WARM_UP + STEPS):
        began = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            loss = model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - began)
    return seconds[WARM_UP:]


if __name__ == "__main__":
    main()
