"""Which kernels ExecuTorch runs for one call, from its own profile, and what they multiply.

The profile tells the names of XNNPACK's kernels, with the types that they compute in, and no shapes. So the sizes of
products are those of the program that was lowered, part by part, and as many must have run in each.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from bench_models.errors import BenchModelsError
from bench_models.runtimes.compiled_products import Product, multiplied
from bench_models.runtimes.kernels import Kernel, multiplies
from bench_models.runtimes.session import silent

# Kernels that multiply matrices, by the kind of their products: XNNPACK's, and ExecuTorch's own.
_KINDS = {
    "Fully Connected": "matrices",
    "Batch Matrix Multiply": "batches",
    "addmm.out": "matrices",
    "bmm.out": "batches",
}
# What of XNNPACK's multiplies, and may be in none of these.
_MULTIPLIES = re.compile(r"Fully Connected|Matrix|Convolution|Attention")
# XNNPACK's kernels tell the layout of their data, then the types: first that of activations.
_OF_XNNPACK = re.compile(r"(?P<name>[^(]+) \(\w+, (?P<type>\w+)[^)]*\)")
_FLOAT, _INTEGER = re.compile(r"B?F\d+"), re.compile(r"Q[A-Z]+8")
# Calls of ExecuTorch's own kernels, of XNNPACK, and kernels that it tells several of.
_OWN, _DELEGATED, _NUMBER = "native_call_", "DELEGATE_CALL", re.compile(r" #\d+$")


def kernels(profile: bytes, products: Sequence[Sequence[Product]], sentences: int, tokens: int) -> tuple[Kernel, ...]:
    """Return the kernels of a profiled call of so many sentences and tokens.

    ``products`` are those of ExecuTorch's own kernels, then those of each part that XNNPACK computes, in order. Raises
    ``BenchModelsError`` for a kernel whose products cannot be counted.
    """
    ran = _ran(profile)
    if len(ran) != len(products):
        raise BenchModelsError(f"the program has {len(products) - 1} parts for XNNPACK, and {len(ran) - 1} ran")
    counts = Counter(name for names in ran for name in names)
    integer: Counter[str] = Counter()
    floating: Counter[str] = Counter()
    for names, of_program in zip(ran, products, strict=True):
        for name, macs, is_integer in _multiplied(names, of_program, sentences, tokens):
            (integer if is_integer else floating)[name] += macs
    return tuple(
        Kernel(operator=name, count=counts[name], integer_macs=integer[name], float_macs=floating[name])
        for name in sorted(counts)
    )


def _ran(profile: bytes) -> list[list[str]]:
    """Return the names of ExecuTorch's own kernels that ran, then those of each part that XNNPACK computed."""
    from bench_models.runtimes.exporters import quiet

    with quiet(), silent():
        from executorch.devtools.etdump.serialize import deserialize_from_etdump_flatcc

        calls = [run for run in deserialize_from_etdump_flatcc(profile).run_data if run.name == "Execute"]
    events = [event.profile_event for event in calls[0].events if event.profile_event is not None]
    own = [event.name.removeprefix(_OWN) for event in events if event.name and event.name.startswith(_OWN)]
    parts: dict[int, list[str]] = {event.instruction_id: [] for event in events if event.name == _DELEGATED}
    for event in events:
        if event.delegate_debug_id_str:
            parts[event.instruction_id].append(_NUMBER.sub("", event.delegate_debug_id_str))
    return [own, *(names for _, names in sorted(parts.items()))]


def _multiplied(
    names: Iterable[str], products: Sequence[Product], sentences: int, tokens: int
) -> Iterator[tuple[str, int, bool]]:
    """Yield kernels that multiplied, with their multiply-accumulates, and whether these were in integers."""
    ran: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if not (_MULTIPLIES.search(name) or multiplies(name)):
            continue
        found = _OF_XNNPACK.match(name)
        kind = _KINDS.get(found["name"] if found else name)
        if kind is None:
            raise BenchModelsError(f"ExecuTorch ran {name}, whose products are not counted: add it to {__name__}")
        ran[kind].append(name)
    in_program, in_run = Counter(kind for kind, _ in products), Counter({kind: len(each) for kind, each in ran.items()})
    if in_run != in_program:
        raise BenchModelsError(f"a part of the program has the products {dict(in_program)}, and {dict(in_run)} ran")
    for kind, each in ran.items():
        is_integer, *others = set(map(_is_integer, each))
        if others:
            raise BenchModelsError(f"which products ran in integers is not told, of {' and '.join(sorted(set(each)))}")
        yield min(each), sum(multiplied(terms, sentences, tokens) for of, terms in products if of == kind), is_integer


def _is_integer(name: str) -> bool:
    """Say in which arithmetic a kernel multiplied; ExecuTorch's own multiply in floating point."""
    found = _OF_XNNPACK.match(name)
    if found is None or _FLOAT.fullmatch(found["type"]):
        return False
    if _INTEGER.fullmatch(found["type"]):
        return True
    raise BenchModelsError(f"ExecuTorch ran {name}, whose arithmetic is not known: add it to {__name__}")
