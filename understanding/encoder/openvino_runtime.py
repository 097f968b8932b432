"""Gives the rest of the code an OpenVINO that reports to nobody.

By default OpenVINO tells its makers when it is imported and whenever its converter or NNCF is used, with an id that it
writes into the user's home. A machine that reads customers' messages must tell nobody. All of them are silent where the
environment says that it is a CI.
"""

from contextlib import AbstractContextManager
from typing import Final

from process.environment import environment_with

_NOBODY: Final = {"CI": "true", "NNCF_CI": "true"}


def reporting_to_nobody() -> AbstractContextManager[None]:
    """Keep what is imported or called inside from reporting; the environment is as before afterwards."""
    return environment_with(_NOBODY)


with reporting_to_nobody():
    import openvino  # noqa: TID251 - here is the one place
    from openvino import opset13  # noqa: TID251 - the same

__all__ = ["openvino", "opset13", "reporting_to_nobody"]
