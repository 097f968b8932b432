"""Learning sentiment: what is fitted is what is read, thresholds, labels, and a folder that is checked."""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from batch.sentiment.evaluate import evaluate_sentiment
from batch.sentiment.features import Features
from batch.sentiment.fit import fit_sentiment
from batch.sentiment.labels import Example, as_three, classes_of, level_of
from batch.sentiment.thresholds import class_offsets, frustration_threshold, macro_f1
from batch.sentiment.train import NamedEncoder, train_sentiment
from batch.training.rows.rows import LabelledRow, TrainingError
from schemas.sentiment import LEVELS
from understanding.arrays.errors import BundleError
from understanding.arrays.probabilities import Matrix
from understanding.sentiment.folder import SENTIMENT_ARRAYS, SENTIMENT_MANIFEST, load_sentiment
from understanding.sentiment.lexicon import packaged_lexicon
from understanding.sentiment.model import THREE_CLASSES, read_sentiment, sentiment_model_from
from understanding.sentiment.signals import Reading
from understanding.sentiment.terms import TermWeights
from understanding.sentiment.tokens import tokens_of

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TEXTS = {
    "negative": ["the florb broke", "florb broke twice", "my florb is broken again"],
    "neutral": ["where is the florb", "florb size", "send the florb list"],
    "positive": ["the zindle shines", "zindle shines brightly", "my zindle shines"],
}
ROWS = [LabelledRow(text, (label,)) for label, texts in TEXTS.items() for text in texts]
EXAMPLES = [Example(row.text, level_of(row)) for row in ROWS]


def test_what_is_fitted_is_what_is_read() -> None:
    """The sums that reading remembers per token equal the rows that training learnt from."""
    lexicon = packaged_lexicon()
    texts = ["the florb broke", "sooo florb broke broke!!", "unknown words only", "zindle :D"]
    readings = [Reading(text, tokens_of(text), "en") for text in texts]
    features = Features(lexicon, readings[:2])
    rows = features.terms(readings)
    weights = np.random.default_rng(0).normal(size=(rows.shape[1], 3))
    words, pieces = features.split(weights)
    read = [TermWeights(words, pieces, 3).logits(reading.tokens) for reading in readings]
    np.testing.assert_allclose(read, rows @ weights, atol=1e-5)


def test_a_model_learns_words_that_no_lexicon_knows() -> None:
    """Invented words get the sentiment of the rows that they stand in."""
    rows = [Example(f"{one.text} {number}", one.level) for one in EXAMPLES for number in range(9)]
    model = sentiment_model_from(fit_sentiment(rows, (), THREE_CLASSES).state)
    assert read_sentiment(model, "a zindle shines", "en").value > 0.3
    assert read_sentiment(model, "florb broke", "en").value < -0.3


def of_meaning(texts: Sequence[str]) -> Matrix:
    """Return vectors, not of length 1, that tell by a text's number how its writer feels."""
    rows = np.full((len(texts), 4), 0.1, dtype=np.float32)
    for row, text in enumerate(texts):
        number = "".join(filter(str.isdigit, text))
        rows[row, int(number) % 3 if number else 3] = 3.0
    return rows


def test_a_model_learns_what_vectors_say_beside_words() -> None:
    """A word that only the encoder knows counts where it read the text, and nowhere else."""
    rows = [Example(f"florb {number}", THREE_CLASSES[number % 3]) for number in range(300)]
    model = sentiment_model_from(fit_sentiment(rows, (), THREE_CLASSES, of_meaning).state)
    unknown = ["florb 901", "florb 902", "florb 903"]
    with_vectors = zip(unknown, of_meaning(unknown), strict=True)
    read = [as_three(read_sentiment(model, text, "en", vector=vector).level) for text, vector in with_vectors]
    assert read == ["neutral", "positive", "negative"]
    assert [as_three(read_sentiment(model, text, "en").level) for text in unknown] != read


def test_only_the_published_encoders_part_of_a_vector_counts() -> None:
    """It stands last, whatever a trained encoder's part before it says."""
    rows = [Example(f"{one.text} {number}", one.level) for one in EXAMPLES for number in range(9)]
    model = sentiment_model_from(fit_sentiment(rows, (), THREE_CLASSES, of_meaning).state)
    (vector,) = of_meaning(["a florb"])
    behind = np.concatenate([np.array([7.0, -7.0], dtype=np.float32), vector])
    alone, beside = (read_sentiment(model, "a florb", "en", vector=one) for one in (vector, behind))
    assert alone == beside


def test_a_model_of_five_classes_answers_with_all_levels() -> None:
    """Rows of five levels make a model whose probabilities are of five classes, worst first."""
    words = zip(("florb", "grumf", "plain", "zindle", "quast"), LEVELS, strict=True)
    examples = [Example(f"{word} text {number}", level) for word, level in words for number in range(12)]
    model = sentiment_model_from(fit_sentiment(examples, (), LEVELS).state)
    assert len(model.probabilities("florb text", "en")) == 5
    assert read_sentiment(model, "quast text", "en").value > read_sentiment(model, "florb text", "en").value


def test_classes_follow_from_the_labels() -> None:
    """Three classes, or five where any label is a strong one; one class alone is refused."""
    assert classes_of(["negative", "positive"]) == THREE_CLASSES
    assert classes_of(["negative", "very_positive"]) == LEVELS
    with pytest.raises(TrainingError, match="another sentiment"):
        classes_of(["neutral", "neutral"])
    assert level_of(LabelledRow("x", ("Very Negative",))) == "very_negative"
    with pytest.raises(TrainingError, match="use one of very_negative"):
        level_of(LabelledRow("x", ("billing",)))


def test_thresholds_are_the_best_on_their_rows() -> None:
    """An offset repairs a class that is never answered; the threshold of frustration parts both sides."""
    logits = np.array([[0.0, 0.3, 0.0], [0.0, 0.5, -1.0], [0.1, 0.2, 0.9], [0.3, 0.4, 0.0]])
    targets = np.array([0, 1, 2, 0])
    shifted = logits + np.array(class_offsets(logits, targets))
    assert macro_f1(shifted.argmax(axis=1), targets, 3) > macro_f1(logits.argmax(axis=1), targets, 3)
    threshold = frustration_threshold(np.array([0.1, 0.4, 0.6, 0.8]), np.array([False, False, True, True]))
    assert 0.4 < threshold <= 0.6


def test_training_writes_a_folder_that_loads_and_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    """Two trainings of the same rows write the same arrays, and the loaded model is measured on test rows."""
    rows = [*ROWS, LabelledRow("the zindle shines", ("positive",), "test")]
    rows = [LabelledRow(row.text, row.labels, row.split or "train") for row in rows]
    first = train_sentiment(rows, out=tmp_path / "a", created_at=NOW)
    second = train_sentiment(rows, out=tmp_path / "b", created_at=NOW)
    assert first.version == second.version
    assert first.test is not None
    assert first.test.n == 1
    arrays = [(tmp_path / name / SENTIMENT_ARRAYS).read_bytes() for name in "ab"]
    assert arrays[0] == arrays[1]
    manifest, model = load_sentiment(tmp_path / "a")
    assert manifest == first
    assert evaluate_sentiment(model, rows).accuracy > 0.5


def test_training_with_an_encoder_measures_with_and_without_it(tmp_path: Path) -> None:
    """The manifest names the encoder; an evaluation with it reads each text by its vector too."""
    labels = [(THREE_CLASSES[number % 3],) for number in range(300)]
    rows = [LabelledRow(f"florb {number}", label, "train") for number, label in enumerate(labels)]
    rows += [LabelledRow(f"florb {901 + place}", labels[901 % 3 + place], "test") for place in range(3)]
    encoder = NamedEncoder("meaning", of_meaning)
    manifest = train_sentiment(rows, out=tmp_path / "m", created_at=NOW, encoder=encoder)
    assert manifest.encoder == "meaning"
    assert manifest.test is not None
    assert manifest.test_with_encoder is not None
    assert manifest.test_with_encoder.accuracy == 1.0
    assert manifest.test.accuracy < 1.0
    loaded, model = load_sentiment(tmp_path / "m")
    assert loaded == manifest
    assert evaluate_sentiment(model, rows[-3:], of_meaning).accuracy == 1.0


def test_a_folder_of_the_format_before_is_read(tmp_path: Path) -> None:
    """Format 1 knew no encoder; another format is refused with the command that makes it anew."""
    folder = tmp_path / "m"
    train_sentiment(ROWS, out=folder, created_at=NOW)
    written = (folder / SENTIMENT_MANIFEST).read_text(encoding="utf-8")
    for number, refused in ((1, False), (9, True)):
        (folder / SENTIMENT_MANIFEST).write_text(
            written.replace('"format": 2', f'"format": {number}'), encoding="utf-8"
        )
        with pytest.raises(BundleError, match="ticketyard train sentiment") if refused else nullcontext():
            assert load_sentiment(folder)[1].vectors is None


def test_a_damaged_folder_is_refused_by_name(tmp_path: Path) -> None:
    """A wrong sum, a missing file and a broken manifest name the file and what to do."""
    folder = tmp_path / "m"
    train_sentiment(ROWS, out=folder, created_at=NOW)
    arrays, manifest = folder / SENTIMENT_ARRAYS, folder / SENTIMENT_MANIFEST
    arrays.write_bytes(arrays.read_bytes() + b"x")
    with pytest.raises(BundleError, match="sha256"):
        load_sentiment(folder)
    arrays.unlink()
    with pytest.raises(BundleError, match="missing"):
        load_sentiment(folder)
    manifest.write_text("{", encoding="utf-8")
    with pytest.raises(BundleError, match="damaged"):
        load_sentiment(folder)
    manifest.unlink()
    with pytest.raises(BundleError, match="no sentiment model"):
        load_sentiment(folder)


def test_a_model_of_other_signals_is_refused() -> None:
    """Weights of signals that this version does not compute are never applied to others."""
    state = fit_sentiment(EXAMPLES, (), THREE_CLASSES).state
    with pytest.raises(BundleError, match="other signals"):
        sentiment_model_from({**state, "signals": ["praise"]})


def test_evaluation_folds_strong_levels_where_the_file_has_three() -> None:
    """A very positive answer is right for a row that is labelled positive."""
    rows = [
        LabelledRow("I love it, fantastic, excellent!", ("positive",)),
        LabelledRow("worst scam ever, I am furious", ("negative",)),
    ]
    found = evaluate_sentiment(None, rows, clock=iter([0.0, 0.5]).__next__)
    assert (found.accuracy, found.macro_f1, found.frustration_accuracy) == (1.0, 1.0, 1.0)
    assert found.texts_per_second == 4.0
