"""The one exception that carries a sentence for the reader instead of a traceback."""

from __future__ import annotations


class CourseError(Exception):
    """Something that the reader can put right, said in one clear sentence: what was wrong, what to do.

    Args:
        en: The sentence in English.
        zh: The same in Chinese; without it the English one is shown in both languages.

    ``str(error)`` is in the current language. The command line prints it and exits with 1; a
    notebook shows it without a traceback (the cell still counts as failed).
    """

    # Keras writes which layer was called with what around every error but those that have this.
    _keras_call_info_injected = True

    def __init__(self, en: str, zh: str | None = None) -> None:
        super().__init__(en, zh)
        self.en = en
        self.zh = en if zh is None else zh

    def __str__(self) -> str:
        from course_lib.language import both  # language itself raises CourseError

        return both(self.en, self.zh)

    def _render_traceback_(self) -> list[str]:
        """Tell IPython what to show in place of the traceback."""
        return [f"{type(self).__name__}: {self}"]
