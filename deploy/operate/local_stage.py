"""The stage of `make run`, for commands that are typed in another terminal of the same folder.

`make run` renders into a copy of the app below .local, and its cloud is an endpoint of this machine: both are found
here, so that `--stage local` needs no more.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from deploy.build.render import read_config
from deploy.errors import DeployError

STAGE = "local"
PLACES = (".local/project", ".local/*/project")
CONFIG = ".chalice/config.json"


def project_of_make_run(folder: Path) -> Path:
    """The copy of the app that `make run` started last in `folder`. Raises DeployError if there is none."""
    found = [path for place in PLACES for path in folder.glob(f"{place}/{CONFIG}")]
    if not found:
        raise DeployError("Stage local does not run here: start it with make run.")
    return max(found, key=lambda path: path.stat().st_mtime).parents[1]


def environment_for(project: Path, caller: Mapping[str, str]) -> dict[str, str]:
    """`caller` with AWS_… variables of its own: they lead every client to the cloud that `project` was rendered for."""
    variables = read_config(project / CONFIG)["stages"][STAGE]["environment_variables"]
    issuer = urlsplit(variables["JWT_ISSUER"])
    kept = {name: value for name, value in caller.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_ENDPOINT_URL": f"{issuer.scheme}://{issuer.netloc}",
        "AWS_DEFAULT_REGION": variables["NOTIFICATION_LAMBDA_ARN"].split(":")[3],
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
