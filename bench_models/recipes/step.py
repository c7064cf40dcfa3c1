"""The type of a step of a recipe, and the validation of its fields."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from bench_models.errors import BenchModelsError

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    # Imported for types only: a step's key covers the code that it imports, and the outcome of a
    # step does not depend on how the sentences were fetched.
    from bench_models.sources.corpora import Corpus
    from bench_models.tokenizer import Encoder

# The formats that a finished model can be exported to, to be loaded without this package.
Format = Literal["torch-export", "torchscript", "onnx"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a step may use besides the model.

    ``home`` is where downloads are kept, ``scratch`` an empty folder that is removed afterwards.
    """

    variant: str
    corpus: "Corpus"
    encoder: "Encoder"
    home: "Path"
    scratch: "Path"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(ABC):
    """One transformation of a model; its fields are the recipe.

    A new technique is one subclass: a frozen dataclass with ``apply``. The outcome of a *trained*
    step is kept in the store under a key made of the fields, the source of the class's module and
    the versions of ``libraries``; other steps are quick and are redone whenever they are needed.
    """

    trained: ClassVar[bool] = False
    libraries: ClassVar[tuple[str, ...]] = ("torch",)

    # Whether activations are rounded to few steps, and by other kernels where a written file is run.
    rounds_activations: ClassVar[bool] = False

    def recipe(self) -> dict[str, object]:
        """Return what the fields say about the outcome, as JSON can; part of the content key."""
        return asdict(self)

    def unsupported_reason(self, target: Format) -> str | None:  # noqa: ARG002  # subclasses ask for it
        """Return why what this step makes cannot be written in a format, or None where nothing is in the way."""
        return None

    @abstractmethod
    def apply(self, model: "nn.Module", context: Context) -> "nn.Module":
        """Return the transformed model; ``model`` belongs to the step and may be changed in place."""

    def __str__(self) -> str:
        """Return the step as the catalogue shows it: its name, and the fields that are not as by default."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        defaults = {field.name: field.default for field in fields(self)}
        told = ", ".join(f"{name}={value}" for name, value in values.items() if value != defaults[name])
        return f"{type(self).__name__}({told})"


def require_numbers(step: "Step", *names: str) -> None:
    """Refuse text and the like where a number belongs; a comparison would end in a traceback."""
    for name in names:
        value = getattr(step, name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BenchModelsError(f"{field_text(step, name)}: give a number, without quotation marks")


def require_counts(step: "Step", *, least: int, **meanings: str) -> None:
    """Refuse values that are not whole numbers of at least ``least``; each field comes with what it counts."""
    for name, meaning in meanings.items():
        value = getattr(step, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise BenchModelsError(f"{field_text(step, name)}: {meaning} a whole number from {least} on")


def require_choices(step: "Step", **choices: object) -> None:
    """Refuse a value that a field's ``Literal`` does not name."""
    for name, literal in choices.items():
        known = get_args(literal)
        if getattr(step, name) not in known:
            raise BenchModelsError(f"{field_text(step, name)}: choose one of {', '.join(map(repr, known))}")


def require_names(step: "Step", *names: str) -> None:
    """Refuse values that are not tuples of names: a lone string would be read letter by letter."""
    for name in names:
        value = getattr(step, name)
        if not isinstance(value, tuple) or not all(isinstance(each, str) and each for each in value):
            raise BenchModelsError(f"{field_text(step, name)}: give a tuple of names, as in ('classifier',)")


def field_text(step: "Step", name: str) -> str:
    """Return a field as its step's recipe says it."""
    return f"{type(step).__name__}({name}={getattr(step, name)!r})"
