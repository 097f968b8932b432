"""What of the code counts where views are compared with those that other code made."""

from schemas.views.code_sums import code_sum, modules_of, without_words

CODE = '''
"""What it is."""

RATE = 2
"""What that is."""


def doubled(amount):
    """Return twice the amount."""
    return amount * RATE  # as was agreed
'''


def test_what_is_only_said_does_not_count() -> None:
    """A comment in a module of events made every view of every home anew once."""
    reworded = CODE.replace("What", "Something").replace("as was agreed", "why").replace("twice", "double")
    assert reworded != CODE
    assert without_words(reworded) == without_words(CODE)
    assert without_words(CODE.replace("* RATE", "+ RATE")) != without_words(CODE)
    assert without_words(CODE.replace("RATE = 2", "RATE = '2'")) != without_words(CODE)


def test_all_that_makes_rows_counts() -> None:
    """A list by hand had left out the vocabulary and the triage result, so their changes kept rows of before."""
    found = set(modules_of("schemas.views.view_rows", within="schemas"))
    assert found >= {
        "schemas.views.view_rows",
        "schemas.records.derived",
        "schemas.records.events",
        "schemas.triage",
        "schemas.vocabulary",
    }


def test_the_sum_is_of_the_module_and_what_it_imports() -> None:
    """Equal code has one sum, and another package's code is not in it."""
    assert code_sum("schemas.views.view_rows", "schemas") != code_sum(
        "schemas.views.view_rows", "schemas.views"
    )
    assert set(modules_of("schemas.views.view_rows", within="schemas.views")) == {
        "schemas.views.view_rows",
        "schemas.views.event_words",
        "schemas.views.override_rows",
        "schemas.views.plain_values",
    }
