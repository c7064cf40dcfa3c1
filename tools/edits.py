"""Edits of Python that change nothing it does, as tidying commits have them; used by tools/harmless.py.

Each takes a syntax tree and returns another. ``normal`` undoes them all, so that a tree before an edit and the one
after it are the same there: what an edit must not touch would stand out.
"""

import ast
import builtins
import copy
from collections.abc import Callable, Iterator

Edit = Callable[[ast.Module], ast.Module]

_DEAD = "_never_called"
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Scope = ast.Module | ast.ClassDef


def reformatted(tree: ast.Module) -> ast.Module:
    """Leave the code as it is: written anew, it has lost its comments and its line breaks."""
    return tree


def documented(tree: ast.Module) -> ast.Module:
    """Add a sentence to each docstring."""
    for node in ast.walk(tree):
        if isinstance(node, _Scope | _Function) and ast.get_docstring(node) is not None:
            node.body[0] = ast.Expr(ast.Constant(f"{ast.get_docstring(node)}\n\nSee the documentation.\n"))
    return tree


def with_dead_code(tree: ast.Module) -> ast.Module:
    """Add a function that nothing calls in front of all others, and one behind them."""
    first = next(number for number, node in enumerate(tree.body) if isinstance(node, _Function | ast.ClassDef))
    tree.body.insert(first, _dead("first"))
    tree.body.append(_dead("last"))
    return tree


def with_locals_renamed(tree: ast.Module) -> ast.Module:
    """Give each local variable a longer name."""
    return _renamed(tree, lambda name, _: f"{name}_here")


def with_functions_reordered(tree: ast.Module) -> ast.Module:
    """Turn the order of functions round, and of methods, wherever several stand one after the other."""
    return _reordered(tree, _movable, lambda nodes: nodes[::-1])


def with_imports_reordered(tree: ast.Module) -> ast.Module:
    """Turn the order of imports round."""
    return _reordered(tree, _imports, lambda nodes: nodes[::-1])


def with_constants_inlined(tree: ast.Module) -> ast.Module:
    """Write each number and text that has a name where the functions of its module use it."""
    constants = _constants(tree)

    class Inlined(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:  # ast's name
            known = constants.get(node.id) if isinstance(node.ctx, ast.Load) else None
            return node if known is None else ast.Constant(known)

    return Inlined().visit(tree)


def with_results_named(tree: ast.Module) -> ast.Module:
    """Give each result a name before it is returned."""

    class Named(ast.NodeTransformer):
        def visit_Return(self, node: ast.Return) -> ast.stmt | list[ast.stmt]:  # ast's name
            if node.value is None or isinstance(node.value, ast.Name | ast.Constant):
                return node
            name = ast.Assign(targets=[ast.Name("outcome", ast.Store())], value=node.value)
            return [name, ast.Return(ast.Name("outcome", ast.Load()))]

    return Named().visit(tree)


def edited(source: str, edit: Edit) -> str:
    """Return the source of a module after an edit; raises ``ValueError`` where it would not be harmless."""
    before = ast.parse(source)
    after = ast.unparse(ast.fix_missing_locations(edit(copy.deepcopy(before)))) + "\n"
    if after == ast.unparse(before) + "\n" and edit is not reformatted:
        raise ValueError(f"{edit.__name__} finds nothing to change")
    if normal(ast.parse(after)) != normal(before):
        raise ValueError(f"{edit.__name__} changes more than it should")
    compile(after, "<edited>", "exec")
    return after


def normal(tree: ast.Module) -> str:
    """Return what is left of a tree when all that these edits change is taken out."""
    tree = with_constants_inlined(_without_dead_code_and_docstrings(copy.deepcopy(tree)))
    tree = _without_named_results(tree)
    tree = _renamed(tree, lambda _, number: f"local_{number}")
    for chosen in (_movable, _imports):
        tree = _reordered(tree, chosen, lambda nodes: sorted(nodes, key=ast.dump))
    return ast.dump(tree)


def _dead(which: str) -> ast.stmt:
    source = f'''
def {_DEAD}_{which}(numbers):
    """Add up what is even."""
    total = 0
    for number in numbers:
        if number % 2 == 0:
            total += number
    return total
'''
    return ast.parse(source).body[0]


def _renamed(tree: ast.Module, rename: Callable[[str, int], str]) -> ast.Module:
    """Rename the locals of all functions; ``rename`` is told the name, and which of the function's it is."""
    outside = {*_bound(tree), *dir(builtins)}
    for function in _outermost(tree):
        kept = {*outside, *_not_by_name(function)}
        own = dict.fromkeys(name for name in _stored(function) if name not in kept)
        names = {name: rename(name, number) for number, name in enumerate(own)}
        for node in ast.walk(function):
            if isinstance(node, ast.Name):
                node.id = names.get(node.id, node.id)
    return tree


def _stored(tree: ast.AST) -> list[str]:
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


def _bound(tree: ast.Module) -> Iterator[str]:
    """Yield the names of a module's own level."""
    for node in tree.body:
        if isinstance(node, _Function | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        else:
            yield from (each.id for each in ast.walk(node) if isinstance(each, ast.Name))


def _outermost(node: ast.AST) -> Iterator[_Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Function):
            yield child
        else:
            yield from _outermost(child)


def _not_by_name(function: _Function) -> Iterator[str]:
    """Yield what is bound in a function by other means than an assignment."""
    for node in ast.walk(function):
        match node:
            case ast.arg():
                yield node.arg
            case ast.Global() | ast.Nonlocal():
                yield from node.names
            case ast.Import() | ast.ImportFrom():
                yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
            case ast.ExceptHandler(name=str(name)):
                yield name
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case _:
                pass


def _reordered(
    tree: ast.Module, chosen: Callable[[ast.stmt], bool], order: Callable[[list[ast.stmt]], list[ast.stmt]]
) -> ast.Module:
    """Put each run of chosen statements in another order, in the module and in its classes."""
    for scope in (tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))):
        body: list[ast.stmt] = []
        run: list[ast.stmt] = []
        for node in scope.body:
            if chosen(node):
                run.append(node)
            else:
                body += [*order(run), node]
                run = []
        scope.body = body + order(run)
    return tree


def _movable(node: ast.stmt) -> bool:
    """Say whether nothing is computed where a function is defined."""
    if not isinstance(node, _Function):
        return False
    given = [*node.args.defaults, *(each for each in node.args.kw_defaults if each is not None)]
    return not node.decorator_list and all(isinstance(each, ast.Constant) for each in given)


def _imports(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom) and getattr(node, "module", "") != "__future__"


def _constants(tree: ast.Module) -> dict[str, object]:
    """Return the module's names of numbers and texts that are bound once."""
    bound = [*_stored(tree), *(node.arg for node in ast.walk(tree) if isinstance(node, ast.arg))]
    return {
        target.id: value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target, value in ((node.targets[0], node.value),)
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and bound.count(target.id) == 1
    }


def _without_dead_code_and_docstrings(tree: ast.Module) -> ast.Module:
    tree.body = [node for node in tree.body if not (isinstance(node, _Function) and node.name.startswith(_DEAD))]
    for node in ast.walk(tree):
        if isinstance(node, _Scope | _Function) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _without_named_results(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list):
                setattr(node, name, _returned(body))
    return tree


def _returned(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return a body that ends with what it returned by a name, instead of with the name."""
    match body:
        case [*others, ast.Assign(targets=[ast.Name(id=bound)], value=value), ast.Return(value=ast.Name(id=used))]:
            return [*others, ast.Return(value)] if bound == used else body
        case _:
            return body
