"""What set-up installs, and when it does nothing."""

from pathlib import Path

from infra.install import describe, fingerprint, is_installed, package_count

LOCK = "click==8.3.1 \\\n    --hash=sha256:aa\nfaust-streaming==0.15.3 \\\n    --hash=sha256:bb\n"
ROOT = Path(__file__).resolve().parents[3]


def test_packages_are_counted_without_their_hashes() -> None:
    """One for each pin."""
    assert package_count(LOCK) == 2


def test_the_larger_set_covers_the_smaller() -> None:
    """After `all`, asking for `demo` does nothing; not the other way round."""
    assert is_installed("demo", {"all": fingerprint("all")})
    assert not is_installed("all", {"demo": fingerprint("demo")})
    assert not is_installed("demo", {"demo": "of another lock"})


def test_the_checked_in_locks_name_hashes_and_no_address() -> None:
    """Each pin has a hash; no index, no host, no link is in a lock."""
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        text = lock.read_text(encoding="utf-8")
        assert package_count(text) > 0
        assert "://" not in text
        assert not any(
            line.startswith(("-i", "--index", "--extra-index", "-f")) for line in text.splitlines()
        )
        assert text.count("--hash=sha256:") >= package_count(text)


def test_the_demo_lock_has_no_pytorch_and_agrees_with_the_whole() -> None:
    """The small set stays small, and both sets pin the same versions."""
    locks = {kind: _pins(f"linux-x86_64-py311-{kind}.txt") for kind in ("demo", "all", "build")}
    assert "torch" not in locks["demo"]
    assert locks["demo"].items() <= locks["all"].items()
    assert locks["build"].items() <= locks["demo"].items()


def _pins(name: str) -> dict[str, str]:
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    pins = (line.split(" ")[0].split("==") for line in lines if "==" in line)
    return {pin[0]: pin[1] for pin in pins}


def test_only_what_tells_something_is_shown_of_pip() -> None:
    """Collected packages and long steps are; the rest of pip's output is not."""
    assert describe("Collecting click==8.3.1 (from -r lock)") == "click"
    assert describe("  Using cached click-8.3.1-py3-none-any.whl") is None
    assert "a minute" in str(describe("Installing collected packages: a, b"))
