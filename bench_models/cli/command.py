"""The type of a command: its name, help, arguments and function."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from bench_models.cli.arguments import Add


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: what it is called, what it does and takes, and how its help says so."""

    name: str
    run: Callable[[argparse.Namespace], int]
    arguments: tuple[Add, ...]
    summary: str
    details: str
