"""What is checked before anything is installed."""

import pytest

from infra.foundation.prerequisites import java_major, java_problem, port_problem, python_problem


@pytest.mark.parametrize(
    ("text", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_401"', 8),
        ('openjdk version "25" 2025-09-16', 25),
        ("command not found", None),
    ],
)
def test_the_java_version_is_read(text: str, major: int | None) -> None:
    """Old and new ways of writing the version are understood."""
    assert java_major(text) == major


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_supported_pythons_pass(version: tuple[int, int]) -> None:
    """The Pythons of pyproject.toml's range are no problem."""
    assert python_problem(version) is None


@pytest.mark.parametrize("version", [(2, 7), (3, 10), (3, 14)])
def test_other_pythons_are_one_sentence(version: tuple[int, int]) -> None:
    """The sentence says which Python was found and which to install."""
    problem = python_problem(version)
    assert problem is not None
    assert f"Python {version[0]}.{version[1]} cannot run" in problem
    assert "install Python 3.11" in problem


def test_a_missing_and_an_old_java_say_what_to_install() -> None:
    """Both sentences name the version that is needed."""
    assert "17 or later" in str(java_problem(None, ""))
    assert "Java 11 (/bin/java) is too old" in str(java_problem("/bin/java", 'openjdk version "11.0.2"'))
    assert "does not say" in str(java_problem("/bin/java", "segmentation fault"))
    assert java_problem("/bin/java", 'openjdk version "21.0.1"') is None


@pytest.mark.parametrize("value", ["x", "0", "65536", "-1", "80.5"])
def test_a_port_must_be_a_port(value: str) -> None:
    """Anything but 1 to 65535 is refused, with the setting's name."""
    assert f"TICKETYARD_HTTP_PORT={value} is not a port" in str(port_problem("TICKETYARD_HTTP_PORT", value))
