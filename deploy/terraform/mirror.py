"""Finds a directory on this machine that holds the AWS provider, so that `terraform init` needs no network.

A filesystem mirror has one of two layouts (Terraform's documentation, "Explicit Installation Method Configuration"):
    packed    HOST/NAMESPACE/TYPE/terraform-provider-TYPE_VERSION_TARGET.zip
    unpacked  HOST/NAMESPACE/TYPE/VERSION/TARGET/
"""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from deploy.terraform.binary import platform_name

PROVIDER = "registry.terraform.io/hashicorp/aws"
OLDEST, TOO_NEW = (5, 100), (7,)
"""As in versions.tf: >= 5.100, < 7."""


def find_mirror(environment: Mapping[str, str], root: Path = Path("/")) -> Path | None:
    """Returns the first of the usual places that has an accepted version of the provider for this platform, or None.

    `environment`: TF_PLUGIN_DIR and HOME are read. `root`: of the file system.
    """
    return next((place for place in places(environment, root) if holds_provider(place)), None)


def places(environment: Mapping[str, str], root: Path) -> Iterator[Path]:
    if environment.get("TF_PLUGIN_DIR"):
        yield Path(environment["TF_PLUGIN_DIR"]).absolute()
    if environment.get("HOME"):
        yield from _with_children(Path(environment["HOME"]) / ".terraform.d")
    for share in (root / "usr/share", root / "usr/local/share"):
        yield from _with_children(share)
        yield from sorted(share.glob("terraform*/*/"))
    yield from sorted((root / "opt").glob("*/"))


def _with_children(directory: Path) -> Iterator[Path]:
    yield directory
    yield from sorted(directory.glob("*/"))


def holds_provider(directory: Path) -> bool:
    target = platform_name()
    provider = directory / PROVIDER
    unpacked = (path.parent.name for path in provider.glob(f"*/{target}/"))
    packed = (path.name.split("_")[1] for path in provider.glob(f"terraform-provider-aws_*_{target}.zip"))
    return any(is_accepted(version) for version in chain(unpacked, packed))


def is_accepted(version: str) -> bool:
    """Returns whether versions.tf accepts this version of the provider. Pre-releases are not accepted."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        return False
    return OLDEST <= tuple(int(part) for part in version.split(".")) < TOO_NEW
