"""Measures each published table anew and writes the page: ``python -m reproduction --calls 20``."""

import logging
import sys
from pathlib import Path

import click

from bench_models.errors import BenchModelsError
from bench_models.machine import library_versions, this_machine
from bench_models.storage import Store, require_writable, write_atomically
from bench_models.suites.rotten_tomatoes import MINILM
from reproduction import latencies
from reproduction.measure import reproduce
from reproduction.page import markdown, unequal
from reproduction.tables import TABLES

log = logging.getLogger("reproduction")

_LIBRARIES = ("torch", "transformers", "tokenizers", "bitsandbytes", "numpy")


@click.command(help=__doc__)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("docs/reproduction.md"),
    show_default=True,
    help="The page to write.",
)
@click.option(
    "--calls",
    type=click.IntRange(min=latencies.FEWEST_CALLS),
    default=20,
    show_default=True,
    help="Timed calls of each model.",
)
def main(output: Path, calls: int) -> None:
    """Write the page, with status 1 where a figure that follows from an architecture differs from the printed one."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        require_writable(output.parent)  # before half an hour of work
        home = Store.default().root
        # All architectures share the vocabulary of the default suite's checkpoint, which needs no hub.
        tokenizer = MINILM.folder(home) / "tokenizer.json"
        found = [reproduce(table, tokenizer=tokenizer, home=home, calls=calls) for table in TABLES]
    except BenchModelsError as error:
        click.echo(f"reproduction: {error}", err=True)
        sys.exit(2)
    write_atomically(output, markdown(found, this_machine(), library_versions(_LIBRARIES), calls))
    different = unequal(found)
    for cell in different:
        log.warning("%s of %s: %s published, %s here", cell.figure, cell.row, cell.published, cell.ours)
    click.echo(f"Written to {output}")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
