"""Finds the stage of `make run`, so that commands in another terminal of the same folder need only `--stage local`.

`make run` renders into a copy of the app below .local, and its cloud is an endpoint on this machine.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from deploy.build.render import read_config
from deploy.errors import DeployError
from deploy.local_cloud import only_local_cloud
from deploy.operate.clock import is_local_cloud

STAGE = "local"
PLACES = (".local/project", ".local/*/project")
CONFIG = ".chalice/config.json"


def project_of_make_run(folder: Path) -> Path:
    """Returns the app's copy of the `make run` in `folder` that was started last, of those whose cloud still answers.

    A copy remains after its `make run` has ended. Raises DeployError if no `make run` is running.
    """
    found = [path for place in PLACES for path in folder.glob(f"{place}/{CONFIG}")]
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        if is_local_cloud(_cloud_of(_variables(path.parents[1]))):
            return path.parents[1]
    raise DeployError(f"Stage local is not running in {folder}: start it with make run.")


def environment_for(project: Path, caller: Mapping[str, str]) -> dict[str, str]:
    """Returns `caller`, directed to the cloud that `project` was rendered for: its AWS_… variables are replaced."""
    variables = _variables(project)
    kept = {name: value for name, value in caller.items() if not name.startswith("AWS_")}
    region = variables["NOTIFICATION_LAMBDA_ARN"].split(":")[3]
    return kept | only_local_cloud(_cloud_of(variables), region, caller)


def _variables(project: Path) -> Mapping[str, str]:
    variables: Mapping[str, str] = read_config(project / CONFIG)["stages"][STAGE]["environment_variables"]
    return variables


def _cloud_of(variables: Mapping[str, str]) -> str:
    """Returns the URL of the cloud that the stage was rendered for."""
    issuer = urlsplit(variables["JWT_ISSUER"])
    return f"{issuer.scheme}://{issuer.netloc}"
