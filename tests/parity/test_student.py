"""The student of the first tier: what PyTorch taught is what is served, and it learns what its teacher answers."""

from collections.abc import Sequence

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from batch.training.encoder.vectors import Vectors
from batch.training.plan.fitted import State
from batch.training.plan.progress import Progress
from batch.training.rows.examples import Examples
from understanding.arrays.probabilities import Matrix, softmax
from understanding.arrays.strings import unpack_strings
from understanding.bundle.bundle import EncoderHead
from understanding.tiers.student import student_from

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")

KINDS = ("refund", "password", "parcel")
OTHER = ("please", "my", "the", "today", "again", "hello")


def _read(texts: Sequence[str], progress: Progress) -> Matrix:
    """Return which of the kinds a text names, and a constant: an encoder that knows what counts."""
    rows = [[float(kind in text.split()) for kind in KINDS] + [1.0] for text in texts]
    progress("reading texts", 1.0)
    return np.array(rows, dtype=np.float32)


TEACHER = EncoderHead(
    weights=np.array([[6, 0, 0, 0], [0, 6, 0, 0], [0, 0, 6, 0]], dtype=np.float32),
    intercept=np.zeros(3, dtype=np.float32),
    encoder_scale=1.0,
    ngrams_scale=1.0,
)


def _examples() -> Examples:
    rng = np.random.default_rng(4)
    kinds = rng.integers(3, size=150)
    texts = [" ".join([*rng.choice(OTHER, 4), KINDS[kind], *rng.choice(OTHER, 2)]) for kind in kinds]
    return Examples(texts, kinds)


def _fitted(progress: Progress) -> State:
    from batch.training.tiers.student_fit import fit_student  # noqa: PLC0415 - only where the extra is installed

    examples = _examples()
    found = fit_student(
        examples, examples.texts, TEACHER, Vectors(_read, progress), seed=5, progress=progress
    )
    assert found is not None
    return found


def test_it_answers_as_its_teacher_and_learns_the_same_again() -> None:
    """On sentences that it has not seen; equal rows and seeds give equal bytes, however many cores there are."""
    steps: list[tuple[str, float]] = []
    state = _fitted(lambda what, done: steps.append((what, done)))
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    with threadpool_limits(threads + 1):
        again = _fitted(lambda _what, _done: None)
    torch.set_num_threads(threads)
    assert state.keys() == again.keys()
    assert all(np.array_equal(state[name], again[name]) for name in state)
    texts = [f"{word} {kind} {word} tomorrow" for word in OTHER for kind in KINDS]
    theirs = softmax((_read(texts, lambda _what, _done: None) @ TEACHER.weights.T).astype(np.float64))
    ours = softmax(student_from(state).logits(texts).astype(np.float64))
    assert (ours.argmax(axis=1) == theirs.argmax(axis=1)).all()
    assert steps[-1] == ("teaching the first tier", 1.0)


def test_what_is_served_is_what_pytorch_taught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stored arrays give the logits of the network that was trained, with nothing left out by chance."""
    from batch.training.tiers import student_fit  # noqa: PLC0415 - the same

    lessons: list[student_fit._Lesson] = []
    state_of = student_fit._Lesson.state

    def kept(lesson: student_fit._Lesson) -> State:
        lessons.append(lesson)
        return state_of(lesson)

    monkeypatch.setattr(student_fit._Lesson, "state", kept)
    state = _fitted(lambda _what, _done: None)
    monkeypatch.setattr(student_fit, "dropout", lambda values, _part: values)
    student = student_from(state)
    texts = ["my refund today", "parcel", "hello hello password", ""]
    words = {word: place for place, word in enumerate(unpack_strings(state["words"]))}
    rows = [student_fit._rows(text, words) for text in texts]
    with torch.no_grad():
        original = lessons[0]._logits(rows).numpy()
    np.testing.assert_allclose(student.logits(texts), original, atol=1e-4)


def test_texts_without_words_have_no_student() -> None:
    """Tickets of emoji alone ended a training after minutes of fine-tuning."""
    from batch.training.tiers.student_fit import fit_student  # noqa: PLC0415 - only where the extra is installed

    faces = Examples(["🔥", "🙂 🙂"], np.array([0, 1]))
    vectors = Vectors(_read, lambda _what, _done: None)
    assert (
        fit_student(faces, faces.texts, TEACHER, vectors, seed=5, progress=lambda _what, _done: None) is None
    )
