"""Reads the types of the application's own actions from their source, without running it.

The Notification Lambda's zip contains the files. The API does not, but must know the types.
"""

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from chalicelib.actions import built_in
from deploy.errors import DeployError
from deploy.paths import NOTIFICATION_ACTIONS

TYPE = re.compile(r"[^\s,]{1,64}")
"""The types that the API accepts, without commas: OWN_ACTION_TYPES separates types by commas."""


def own_action_types(folder: Path = NOTIFICATION_ACTIONS) -> list[str]:
    """Returns the types that the files of `folder` register with `@action("…")`, sorted.

    Raises DeployError if a file is not valid Python, a type is not a string literal, or a type is registered twice or
    is that of a built-in action.
    """
    registered: dict[str, Path] = {}
    for path in sorted(folder.glob("*.py")):
        for type_ in _types_of(path):
            if type_ in registered:
                raise DeployError(f"{type_!r} is the type of two actions: in {registered[type_]} and {path}.")
            registered[type_] = path
    if taken := sorted(registered.keys() & set(built_in())):
        raise DeployError(f"{folder}: {taken[0]!r} is the type of a built-in action; choose another type.")
    return sorted(registered)


def _types_of(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes(), path)
    except (SyntaxError, ValueError) as error:
        raise DeployError(f"{path} is not valid Python: {error}.") from error
    names = {"action", *_other_names(tree)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        decorators = [decorator for decorator in node.decorator_list if _registers(decorator, names)]
        if decorators and isinstance(node, ast.AsyncFunctionDef):
            raise DeployError(f"{path}, line {node.lineno}: an action must be a plain `def`, not an `async def`.")
        yield from (_type_of(decorator, path) for decorator in decorators)


def _other_names(tree: ast.Module) -> Iterator[str]:
    """Yields the names under which a file imports `action`: `from notification.action_api import action as task`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2] == "action_api":
            yield from (alias.asname for alias in node.names if alias.name == "action" and alias.asname)


def _registers(decorator: ast.expr, names: Collection[str]) -> bool:
    """Returns whether the decorator is `@action(…)`, under one of `names`, or `@registry.action(…)`."""
    match decorator:
        case ast.Call(func=ast.Name(name)):
            return name in names
        case ast.Call(func=ast.Attribute(attr="action")):
            return True
    return False


def _type_of(decorator: ast.expr, path: Path) -> str:
    match decorator:
        case ast.Call(args=[ast.Constant(str(type_)), *_]) if TYPE.fullmatch(type_):
            return type_
    raise DeployError(
        f'{path}, line {decorator.lineno}: the type in @action("…") must be a string literal of 1 to 64 characters '
        "without whitespace and commas, because it is read without running the file."
    )
