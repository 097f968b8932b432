"""What code does, as one sum: of a module and of all that it imports, without what is only said about it."""

import ast
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.abc import InspectLoader
from importlib.util import find_spec


@cache
def code_sum(module: str, within: str) -> str:
    """Return the sum of a module's code and of all that it imports from the package `within`, at any depth."""
    texts = modules_of(module, within)
    return sha256(
        "\0".join(f"{name}\0{without_words(texts[name])}" for name in sorted(texts)).encode()
    ).hexdigest()


def modules_of(module: str, within: str) -> dict[str, str]:
    """Return the source of a module and of all that it imports from the package `within`, by their full names."""
    found: dict[str, str] = {}
    left = [module]
    while left:
        name = left.pop()
        if name not in found:
            found[name] = _source(name)
            left += _imported(found[name], within)
    return found


def without_words(source: str) -> str:
    """Return Python code without comments and docstrings, laid out anew, so that only what it does is compared."""
    return ast.unparse(_WithoutWords().visit(ast.parse(source)))


class _WithoutWords(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        """Leave out a string that is a statement: a docstring, of whatever it is one."""
        return None if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) else node


def _source(module: str) -> str:
    spec = find_spec(module)
    loader = None if spec is None else spec.loader
    text = loader.get_source(module) if isinstance(loader, InspectLoader) else None
    if text is None:
        raise ModuleNotFoundError(
            f"the source of {module} is not installed: install ticketyard from its wheel again"
        )
    return text


def _imported(source: str, within: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and f"{node.module}.".startswith(f"{within}."):
            yield node.module
