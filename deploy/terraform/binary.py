"""Finds terraform: the one on the PATH, else the pinned release, which is downloaded and checked."""

import hashlib
import io
import platform
import re
import shutil
import subprocess
import urllib.error
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path

from deploy.errors import DeployError
from deploy.files import write_atomically
from deploy.paths import TOOLS

OLDEST, TOO_NEW = (1, 11), (2,)
"""As in versions.tf. Terraform has write-only arguments, which keep a secret out of the state, since 1.11."""

PINNED = "1.11.4"
RELEASES = "https://releases.hashicorp.com"
SHA256 = {
    "darwin_amd64": "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b",
    "darwin_arm64": "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18",
    "linux_amd64": "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc",
    "linux_arm64": "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633",
}
"""Platform -> SHA-256 of the zip of PINNED, from terraform_1.11.4_SHA256SUMS and HashiCorp's Homebrew formula."""

DOWNLOAD_SECONDS = 30
GO_NAMES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def find_terraform(
    environment: Mapping[str, str],
    *,
    tools: Path = TOOLS,
    releases: str = RELEASES,
    checksums: Mapping[str, str] = SHA256,
) -> Path:
    """Returns the path of terraform.

    `environment`: its PATH is searched.
    `tools`: the folder of the downloaded release. `releases`: the URL of the download site.
    `checksums`: platform -> SHA-256 of its zip, hexadecimal.
    Raises DeployError, with what to install, if the version on the PATH is not supported, or the download fails or has
    another checksum.
    """
    on_path = shutil.which("terraform", path=environment.get("PATH", ""))
    if on_path:
        check_version(Path(on_path), environment)
        return Path(on_path)
    ours = tools / f"terraform_{PINNED}" / "terraform"
    if not ours.exists():
        _install(ours, releases, checksums)
    return ours


def check_version(terraform: Path, environment: Mapping[str, str]) -> None:
    """Raise DeployError unless versions.tf accepts the version of this terraform."""
    version = _version_of(terraform, environment)
    if not OLDEST <= _numbers(version) < TOO_NEW:
        raise DeployError(
            f"{terraform} is version {version}, and must be >= 1.11 and < 2. Install {PINNED}, "
            "or remove it from the PATH: then the pinned release is downloaded."
        )


def _version_of(terraform: Path, environment: Mapping[str, str]) -> str:
    """Returns `1.11.4`, from the first line `Terraform v1.11.4`: versions before 0.13 do not have -json.

    Raises DeployError if there is no such line.
    """
    answer = subprocess.run(
        [terraform, "version"], env=dict(environment), capture_output=True, text=True, check=False, timeout=60
    )
    found = re.match(r"Terraform v(\d+\.\d+\.\d+\S*)", answer.stdout)
    if not found:
        raise DeployError(f"{terraform} version prints no version:\n{answer.stdout}{answer.stderr}")
    return found[1]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("-", maxsplit=1)[0].split("."))


def platform_name() -> str:
    """Returns HashiCorp's name of this machine's platform: linux_amd64, darwin_arm64."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{GO_NAMES.get(machine, machine)}"


def _install(target: Path, releases: str, checksums: Mapping[str, str]) -> None:
    expected = checksums.get(platform_name())
    if expected is None:
        raise DeployError(
            f"There is no terraform on the PATH, and no release is pinned for {platform_name()}. {_how_to_install()}"
        )
    archive = _download(f"{releases}/terraform/{PINNED}/terraform_{PINNED}_{platform_name()}.zip")
    actual = hashlib.sha256(archive).hexdigest()
    if actual != expected:
        raise DeployError(
            f"The terraform downloaded from {releases} is not the published release: its SHA-256 is {actual}, "
            f"and must be {expected}. It was not installed. {_how_to_install()}"
        )
    with zipfile.ZipFile(io.BytesIO(archive)) as content:
        write_atomically(target, content.read("terraform"), mode=0o755)


def _download(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=DOWNLOAD_SECONDS) as answer:  # noqa: S310 the scheme is constant
            return bytes(answer.read())
    except (urllib.error.URLError, TimeoutError) as error:
        raise DeployError(
            f"There is no terraform on the PATH, and {url} cannot be downloaded: {error}. {_how_to_install()}"
        ) from error


def _how_to_install() -> str:
    return f"Install terraform {PINNED} (https://developer.hashicorp.com/terraform/install) and put it on the PATH."
