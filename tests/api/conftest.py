import pytest

from tests.api.world import FakeIssuer, Key, Stopwatch, World


@pytest.fixture(scope="session")
def key() -> Key:
    """Made once: a key pair takes a tenth of a second."""
    return Key("key-1")


@pytest.fixture
def issuer(key: Key) -> FakeIssuer:
    return FakeIssuer([key])


@pytest.fixture
def time() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def world(issuer: FakeIssuer) -> World:
    return World(issuer)
