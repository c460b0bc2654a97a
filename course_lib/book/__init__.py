"""The book: the course as pages to read, in English and 中文, without a network.

``build_book`` runs the solved editions (once each: see :mod:`course_lib.authoring.executing`), puts a
chapter's PyTorch and Keras side by side as tabs, and lets Sphinx make one site of both languages.
Sphinx reads the assembled pages with MyST-Parser, MyST-NB's own reader, and not through MyST-NB itself: that
runs one kernel for a page and drops code cells nested in tabs, and here a page shows two frameworks' runs.

``outputs``   what a cell showed, as a piece of a page
``pages``     a chapter's page from its two editions
``words``     what the book itself says, in both languages
``maths``     TeX as MathML, which every browser sets by itself
``searching`` search that finds Chinese words without knowing where they end
``site``      Sphinx, once for each language, and the door to both
``serving``   looking at it, ``printing`` on paper
"""

from course_lib.book.site import build_book

__all__ = ["build_book"]
