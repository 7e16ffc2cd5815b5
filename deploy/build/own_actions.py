"""The actions that the application has of its own: read from their source, which is never run.

The files go into the Notification Lambda's zip; the API, which does not have them, must know their types.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from chalicelib.actions import built_in
from deploy.errors import DeployError
from deploy.paths import NOTIFICATION_ACTIONS

TYPE = re.compile(r"[^\s,]{1,64}")
"""What the API takes as a type, less what a list separated by commas cannot hold."""


def own_action_types(folder: Path = NOTIFICATION_ACTIONS) -> list[str]:
    """The types that the files of `folder` register with `@action("…")`, sorted.

    Raises DeployError if a file is no Python, names a type in a way that only running it could tell, or names the type
    of a built-in action.
    """
    registered = {type_ for path in sorted(folder.glob("*.py")) for type_ in _types_of(path)}
    if taken := sorted(registered & set(built_in())):
        raise DeployError(f"{folder}: {taken[0]!r} is the type of a built-in action; choose another type.")
    return sorted(registered)


def _types_of(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes(), path)
    except (SyntaxError, ValueError) as error:
        raise DeployError(f"{path} is no Python: {error}.") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield from (_type_of(decorator, path) for decorator in node.decorator_list if _registers(decorator))


def _registers(decorator: ast.expr) -> bool:
    """`@action(…)`, or `@registry.action(…)`."""
    match decorator:
        case ast.Call(func=ast.Name("action") | ast.Attribute(attr="action")):
            return True
    return False


def _type_of(decorator: ast.expr, path: Path) -> str:
    match decorator:
        case ast.Call(args=[ast.Constant(str(type_)), *_]) if TYPE.fullmatch(type_):
            return type_
    raise DeployError(
        f'{path}, line {decorator.lineno}: @action("…") takes its type as plain text in quotes, '
        "1 to 64 characters without blanks and commas: it is read without running the file."
    )
