"""API Gateway compresses what the deployed API answers: chalice passes `minimum_compression_size` on."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest
from chalice.config import Config

from chalicelib.api.console.assets import STATIC
from deploy.paths import PROJECT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("project", [PROJECT, PROJECT / "examples/existing_app"], ids=["own", "existing_app"])
@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_every_file_of_the_console_that_gets_smaller_is_compressed(project: Path, stage: str) -> None:
    config = json.loads((project / ".chalice/config.json").read_text())

    minimum = Config(chalice_stage=stage, config_from_disk=config).minimum_compression_size

    files = [file.read_bytes() for file in STATIC.iterdir()]
    assert {len(gzip.compress(file)) < len(file) for file in files if len(file) >= minimum} == {True}
    assert sum(len(file) for file in files if len(file) < minimum) < 0.01 * sum(map(len, files))
