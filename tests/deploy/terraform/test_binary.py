import hashlib
import http.server
import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from deploy.errors import DeployError
from deploy.paths import TERRAFORM
from deploy.terraform.binary import PINNED, SHA256, check_version, find_terraform, platform_name

NO_TERRAFORM = {"PATH": "/nowhere"}


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        """Say nothing: a test's output is about failures."""


@pytest.fixture
def releases(tmp_path: Path) -> Iterator[str]:
    """Address of a release site on this machine that has one zip: the pinned release for this platform."""
    folder = tmp_path / "site/terraform" / PINNED
    folder.mkdir(parents=True)
    (folder / f"terraform_{PINNED}_{platform_name()}.zip").write_bytes(a_release())
    handler = partial(QuietHandler, directory=str(tmp_path / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def a_release() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("terraform"), f"#!/bin/sh\necho Terraform v{PINNED}\n")
    return buffer.getvalue()


def published() -> dict[str, str]:
    return {platform_name(): hashlib.sha256(a_release()).hexdigest()}


def test_terraform_on_the_path_is_taken(fake_terraform: Callable[..., Path]) -> None:
    folder = fake_terraform()

    assert find_terraform({"PATH": str(folder)}) == folder / "terraform"


@pytest.mark.parametrize("version", ["0.11.15", "1.4.6", "1.9.8", "1.10.5", "2.0.0"])
def test_a_wrong_version_says_which_is_needed(fake_terraform: Callable[..., Path], version: str) -> None:
    folder = fake_terraform(version=version)

    with pytest.raises(DeployError, match=f"is version {version}, and must be >= 1.11 and < 2"):
        find_terraform({"PATH": str(folder)})


@pytest.mark.parametrize("version", ["1.11.0", "1.11.4", "1.15.0-beta1"])
def test_any_version_from_1_11_on_is_taken(fake_terraform: Callable[..., Path], version: str) -> None:
    check_version(fake_terraform(version=version) / "terraform", {})


def test_the_modules_want_that_version_too() -> None:
    assert all('required_version = ">= 1.11"' in path.read_text() for path in TERRAFORM.rglob("versions.tf"))


def test_something_else_of_that_name_is_shown_with_what_it_said(tmp_path: Path) -> None:
    other = tmp_path / "terraform"
    other.write_text("#!/bin/sh\necho I make planets\n")
    other.chmod(0o755)

    with pytest.raises(DeployError, match="I make planets"):
        find_terraform({"PATH": str(tmp_path)})


def test_without_terraform_the_pinned_release_is_downloaded(releases: str, tmp_path: Path) -> None:
    terraform = find_terraform(NO_TERRAFORM, tools=tmp_path / "tools", releases=releases, checksums=published())

    check_version(terraform, {})


def test_it_is_downloaded_once(releases: str, tmp_path: Path) -> None:
    first = find_terraform(NO_TERRAFORM, tools=tmp_path / "tools", releases=releases, checksums=published())

    assert find_terraform(NO_TERRAFORM, tools=tmp_path / "tools", releases="http://127.0.0.1:1") == first


def test_a_download_that_was_tampered_with_is_not_installed(releases: str, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"not the published release.*Install terraform 1\.11\.4"):
        find_terraform(NO_TERRAFORM, tools=tmp_path / "tools", releases=releases, checksums={platform_name(): "0" * 64})

    assert not (tmp_path / "tools").exists()


def test_a_release_site_that_lacks_it_says_what_to_install(releases: str, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"cannot be downloaded: HTTP Error 404.*Install terraform 1\.11\.4"):
        find_terraform(NO_TERRAFORM, tools=tmp_path, releases=f"{releases}/empty", checksums=published())


def test_a_release_site_out_of_reach_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"cannot be downloaded: .*refused.*Install terraform 1\.11\.4"):
        find_terraform(NO_TERRAFORM, tools=tmp_path, releases="http://127.0.0.1:1", checksums=published())


def test_a_machine_without_a_pinned_release_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"no release is pinned for \w+\. Install terraform 1\.11\.4"):
        find_terraform(NO_TERRAFORM, tools=tmp_path, checksums={})


def test_a_release_is_pinned_for_every_common_machine() -> None:
    assert set(SHA256) == {"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64"}
    assert all(len(bytes.fromhex(checksum)) == hashlib.sha256().digest_size for checksum in SHA256.values())
