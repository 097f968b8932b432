"""In which language and script a text is written: any text in, the best guess and its probability out."""

from understanding.language.identify import Language, identify, language_of

__all__ = ["Language", "identify", "language_of"]
