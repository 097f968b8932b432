"""docs/reference.md says what the code says: every setting, topic, event and view."""

from infra.reference import PAGE, reference_page


def test_the_reference_page_is_what_the_code_generates() -> None:
    """A setting, topic, event or view that changes without its page fails here; run `python -m infra.reference`."""
    assert reference_page() == PAGE.read_text(encoding="utf-8")
