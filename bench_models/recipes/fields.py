"""Validates the fields of a step when it is written down, before anything is built."""

from typing import TYPE_CHECKING, get_args

from bench_models.errors import BenchModelsError

if TYPE_CHECKING:
    from bench_models.recipes.step import Step


def require_numbers(step: "Step", *names: str) -> None:
    """Refuse text and the like where a number belongs; a comparison would end in a traceback."""
    for name in names:
        value = getattr(step, name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BenchModelsError(f"{told(step, name)}: give a number, without quotation marks")


def require_counts(step: "Step", *, least: int, **meanings: str) -> None:
    """Refuse what is no whole number of at least ``least``; each field comes with what it counts."""
    for name, meaning in meanings.items():
        value = getattr(step, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise BenchModelsError(f"{told(step, name)}: {meaning} a whole number from {least} on")


def require_choices(step: "Step", **choices: object) -> None:
    """Refuse a value that a field's ``Literal`` does not name."""
    for name, literal in choices.items():
        known = get_args(literal)
        if getattr(step, name) not in known:
            raise BenchModelsError(f"{told(step, name)}: choose one of {', '.join(map(repr, known))}")


def require_names(step: "Step", *names: str) -> None:
    """Refuse what is no tuple of names: a lone string would be read letter by letter."""
    for name in names:
        value = getattr(step, name)
        if not isinstance(value, tuple) or not all(isinstance(each, str) and each for each in value):
            raise BenchModelsError(f"{told(step, name)}: give a tuple of names, as in ('classifier',)")


def told(step: "Step", name: str) -> str:
    """Return a field as its step's recipe says it."""
    return f"{type(step).__name__}({name}={getattr(step, name)!r})"
