"""The master secret as Secrets Manager keeps it through a rotation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chalicelib.core.actions.master_secret import MasterSecret
from chalicelib.core.errors import MasterSecretUnavailable
from local.testing import running_cloud

if TYPE_CHECKING:
    from pathlib import Path


def test_two_values_live_from_a_rotation_until_the_former_one_is_ended(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        manager = cloud.client("secretsmanager")
        arn = manager.create_secret(Name="master")["ARN"]
        with pytest.raises(MasterSecretUnavailable):
            MasterSecret(lambda: manager, arn).values()
        first = manager.put_secret_value(SecretId=arn, SecretString="a" * 72)["VersionId"]
        alone = MasterSecret(lambda: manager, arn).values()
        manager.put_secret_value(SecretId=arn, SecretString="b" * 72)
        both = MasterSecret(lambda: manager, arn).values()
        manager.update_secret_version_stage(SecretId=arn, VersionStage="AWSPREVIOUS", RemoveFromVersionId=first)
        ended = MasterSecret(lambda: manager, arn).values()

    assert [[master.secret[0] for master in masters] for masters in (alone, both, ended)] == [["a"], ["b", "a"], ["b"]]
