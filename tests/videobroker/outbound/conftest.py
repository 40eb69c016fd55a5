"""What the tests of outgoing requests share."""

from pathlib import Path

import pytest

from tests.videobroker.outbound.servers import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder: Path = tmp_path_factory.mktemp("authority")
    return Authority.make(folder)
