"""Two layers state how long the door for events may take, and neither knows the other."""

from serving.acting import intake
from streams.foundation.settings import StreamSettings


def test_pages_wait_longer_than_the_door() -> None:
    """Then they hear why it has not answered, in its own words."""
    assert StreamSettings(bootstrap_servers="nowhere:1").intake_timeout_s < intake._PATIENCE_S
