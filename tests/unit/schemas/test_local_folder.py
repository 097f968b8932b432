"""One address, one folder, in every layer."""

from pathlib import Path

import pytest

from schemas.local_folder import StorageUnsupported, local_folder
from schemas.settings import CommonSettings


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("/data/views", "/data/views"),
        ("file:///data/views", "/data/views"),
        ("file:/data/views", "/data/views"),
        ("file:///data/my%20views", "/data/my views"),
        ("views", str(Path("views").absolute())),
    ],
)
def test_an_address_names_one_folder(uri: str, expected: str) -> None:
    """Batch read %20 as a blank and serving did not; the stream took `file:` for the name of a folder."""
    assert local_folder(uri, "SETTING") == Path(expected)
    settings = CommonSettings(history_uri=uri, views_uri=uri, models_uri=uri)
    assert {settings.history_folder, settings.views_folder, settings.models_folder} == {Path(expected)}


def test_another_storage_is_refused_by_the_name_of_its_setting() -> None:
    """What is to be done is in the message."""
    with pytest.raises(StorageUnsupported, match=r"TICKETYARD_VIEWS_URI=s3://bucket: .*mount it"):
        _ = CommonSettings(views_uri="s3://bucket").views_folder
