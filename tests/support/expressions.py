"""GitHub's expressions, as far as our workflows use them; what is unknown here is an error, never an empty string."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Contexts = Mapping[str, Any]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<string>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<mark>&&|\|\||==|!=|<=|>=|[<>!().,\[\]*]))"
)
_LITERALS = {"true": True, "false": False, "null": None}
_STATUS = ("success", "failure", "always", "cancelled")


class UnknownExpressionError(Exception):
    """An expression that this rehearsal cannot evaluate as GitHub would."""


def interpolated(text: str, contexts: Contexts) -> str:
    """Return text with each ``${{ }}`` replaced by its value."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: shown(evaluated(found[1], contexts)), text, flags=re.DOTALL)


def value(given: Any, contexts: Contexts) -> Any:  # noqa: ANN401  # what a workflow holds
    """Return what stands in a workflow, evaluated; an expression that is all of a string keeps its type."""
    if isinstance(given, Mapping):
        return {key: value(each, contexts) for key, each in given.items()}
    if isinstance(given, list):
        return [value(each, contexts) for each in given]
    if not isinstance(given, str):
        return given
    whole = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", given, flags=re.DOTALL)
    if whole and "}}" not in whole[1]:
        return evaluated(whole[1], contexts)
    return interpolated(given, contexts)


def condition(text: str | bool | None, contexts: Contexts, *, failed: bool) -> bool:  # noqa: FBT001  # YAML's own
    """Say whether a step or job with this ``if:`` runs; without a word on the status it runs after success only."""
    expression = "success()" if text is None else str(shown(text))
    expression = re.sub(r"^\s*\$\{\{(.*)\}\}\s*$", r"\1", expression, flags=re.DOTALL)
    asks = any(re.search(rf"\b{name}\s*\(", expression) for name in _STATUS)
    holds = bool(evaluated(expression, {**contexts, "failed": failed}))
    return holds and (asks or not failed)


def shown(given: Any) -> str:  # noqa: ANN401  # any value of an expression
    """Return a value as GitHub puts it into text."""
    if given is None:
        return ""
    if isinstance(given, bool):
        return str(given).lower()
    return f"{given:g}" if isinstance(given, float) else str(given)


def evaluated(text: str, contexts: Contexts) -> Any:  # noqa: ANN401  # any value of an expression
    """Return the value of one expression."""
    parser = _Parser(_tokens(text), contexts, text)
    found = parser.either()
    parser.require_end()
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position, text = [], 0, text.rstrip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise UnknownExpressionError(f"{text.strip()!r}: nothing here can read {text[position:].strip()!r}")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        position = found.end()
    return tokens


class _Parser:
    """Recursive descent: ``||`` binds loosest, then ``&&``, comparisons, ``!``, and a context's path."""

    def __init__(self, tokens: list[tuple[str, str]], contexts: Contexts, text: str) -> None:
        self._tokens = tokens
        self._contexts = contexts
        self._text = text.strip()

    def either(self) -> Any:  # noqa: ANN401  # any value of an expression
        found = self._both()
        while self._take("||"):
            other = self._both()
            found = found or other
        return found

    def require_end(self) -> None:
        if self._tokens:
            raise UnknownExpressionError(f"{self._text!r}: {self._tokens[0][1]!r} comes too much")

    def _both(self) -> Any:  # noqa: ANN401
        found = self._compared()
        while self._take("&&"):
            other = self._compared()
            found = found and other
        return found

    def _compared(self) -> Any:  # noqa: ANN401
        found = self._single()
        for mark, compare in _COMPARISONS.items():
            if self._take(mark):
                return compare(found, self._single())
        return found

    def _single(self) -> Any:  # noqa: ANN401
        if self._take("!"):
            return not self._single()
        if self._take("("):
            found = self.either()
            self._require(")")
            return self._below(found)
        kind, text = self._next()
        if kind == "number":
            return float(text)
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind != "name":
            raise UnknownExpressionError(f"{self._text!r}: {text!r} is out of place")
        if self._take("("):
            return self._below(self._called(text, self._arguments()))
        return self._named(text)

    def _named(self, name: str) -> Any:  # noqa: ANN401
        if name in _LITERALS:
            return _LITERALS[name]
        if name not in self._contexts:
            raise UnknownExpressionError(f"{self._text!r}: there is no context {name!r} here")
        return self._below(self._contexts[name])

    def _below(self, found: Any) -> Any:  # noqa: ANN401
        while True:
            if self._take("."):
                _, key = self._next()
            elif self._take("["):
                key = shown(self.either())
                self._require("]")
            else:
                return found
            found = self._at(found, key)

    def _at(self, found: Any, key: str) -> Any:  # noqa: ANN401
        """Return what is at a key; ``*`` gathers from a list, and GitHub's own contexts have to know the key."""
        if key == "*":
            return list(found.values()) if isinstance(found, Mapping) else _Gathered(found or ())
        if isinstance(found, _Gathered):
            return [each.get(key) for each in found]
        if isinstance(found, list):
            return found[int(key)] if key.isdecimal() and int(key) < len(found) else None
        if isinstance(found, _Strict) and key not in found:
            raise UnknownExpressionError(f"{self._text!r}: this rehearsal does not know {key!r}")
        return found.get(key) if isinstance(found, Mapping) else None

    def _arguments(self) -> list[Any]:
        found: list[Any] = []
        while not self._take(")"):
            found.append(self.either())
            self._take(",")
        return found

    def _called(self, name: str, arguments: list[Any]) -> Any:  # noqa: ANN401
        if name in _STATUS:
            failed = self._contexts.get("failed", False)
            return {"success": not failed, "failure": failed, "always": True, "cancelled": False}[name]
        if name == "hashFiles":
            return _hash_files(self._contexts, arguments)
        if name not in _FUNCTIONS:
            raise UnknownExpressionError(f"{self._text!r}: there is no function {name!r} here")
        return _FUNCTIONS[name](*arguments)

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise UnknownExpressionError(f"{self._text!r} ends too early")
        return self._tokens.pop(0)

    def _take(self, mark: str) -> bool:
        if self._tokens and self._tokens[0] == ("mark", mark):
            self._tokens.pop(0)
            return True
        return False

    def _require(self, mark: str) -> None:
        if not self._take(mark):
            raise UnknownExpressionError(f"{self._text!r}: a {mark!r} is missing")


class _Gathered(list[Any]):
    """What ``*`` found in a list."""


class _Strict(dict[str, Any]):
    """A context whose keys are known: a misspelt one is an error."""


def strict(context: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a context in which an unknown key is an error."""
    return _Strict(context)


def _equal(first: Any, second: Any) -> bool:  # noqa: ANN401
    """GitHub ignores case, and compares what differs in type as numbers."""
    if isinstance(first, str) and isinstance(second, str):
        return first.lower() == second.lower()
    if type(first) is type(second) or first is second:
        return bool(first == second)
    return _number(first) == _number(second)


def _number(given: Any) -> float:  # noqa: ANN401
    if given is None or given == "":
        return 0.0
    try:
        return float(given)
    except (TypeError, ValueError):
        return float("nan")


def _contains(place: Any, wanted: Any) -> bool:  # noqa: ANN401
    if isinstance(place, list):
        return any(_equal(each, wanted) for each in place)
    return shown(wanted).lower() in shown(place).lower()


def _format(text: str, *given: Any) -> str:  # noqa: ANN401
    return re.sub(r"\{(\d+)\}", lambda found: shown(given[int(found[1])]), text)


def _hash_files(contexts: Contexts, patterns: list[str]) -> str:
    root = Path(contexts["github"]["workspace"])
    files = sorted(file for pattern in patterns for file in root.glob(pattern) if file.is_file())
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest() if files else ""


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": lambda first, second: not _equal(first, second),
    "<=": lambda first, second: _number(first) <= _number(second),
    ">=": lambda first, second: _number(first) >= _number(second),
    "<": lambda first, second: _number(first) < _number(second),
    ">": lambda first, second: _number(first) > _number(second),
}

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": _contains,
    "startsWith": lambda text, start: shown(text).lower().startswith(shown(start).lower()),
    "endsWith": lambda text, end: shown(text).lower().endswith(shown(end).lower()),
    "format": _format,
    "join": lambda them, between=",": between.join(shown(each) for each in them),
    "toJSON": lambda given: json.dumps(given, indent=2),
    "fromJSON": json.loads,
}
