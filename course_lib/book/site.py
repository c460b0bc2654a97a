"""One site of both languages: Sphinx runs once for each, and a door in front lets the browser choose.

``FOLDER/sources``  the pages as MyST Markdown, written anew only where they changed
``FOLDER/html``     the site: ``index.html``, ``en/``, ``zh/``; it needs no server and no network
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import nbformat

from course_lib.authoring.choosing import read_questions
from course_lib.authoring.executing import executed, faults, read_edition
from course_lib.authoring.glossary import read_glossary
from course_lib.authoring.keys import digest_of
from course_lib.authoring.localise import join_chinese_lines
from course_lib.authoring.references import citations, read_notes
from course_lib.authoring.sources import Source, read_source, source_paths
from course_lib.authoring.syllabus import read_plans
from course_lib.authoring.symptoms import read_rows as read_symptoms
from course_lib.authoring.tables import read_lessons, read_sections
from course_lib.book import words
from course_lib.book.choices import choosing_page
from course_lib.book.departments import departments_page
from course_lib.book.documents import anchors_of, documents_page, known_places, link_to
from course_lib.book.elsewhere import Repository
from course_lib.book.methods import methods_page, read_translations
from course_lib.book.pages import FRAMEWORK_NAMES, PICTURES, Edition, chapter_page
from course_lib.book.plans import Course, syllabus_page
from course_lib.book.references import bibliography_page
from course_lib.book.results import results_page
from course_lib.book.symptoms import symptoms_page
from course_lib.book.terms import glossary_page
from course_lib.clinic.symptoms import symptoms_of
from course_lib.edition import FRAMEWORKS
from course_lib.errors import CourseError
from course_lib.exercises.public import load_chapter
from course_lib.files import write_atomically
from course_lib.language import LANGUAGES, current, pick, use

_THEME = Path(__file__).parent / "theme"
_LINK = re.compile(r"\[([^\]]+)\]\(([\w./-]+\.md)(?:#[^)]*)?\)")
REFERENCE = (
    "choosing",
    "symptoms",
    "syllabus",
    "glossary",
    "methods",
    "documents",
    "bibliography",
    "teaching",
    "departments",
    "results",
)
_SPHINX_LANGUAGE = {"en": "en", "zh": "zh_CN"}


def build_book(
    root: Path,
    folder: Path,
    *,
    chapters: list[str] | None = None,
    repository: Repository | None = None,
    step: Callable[[str], None] = lambda what: None,
) -> Path:
    """Make the site; give its first page.

    Args:
        root: The repository.
        folder: Where it is made; what is there from last time is used again.
        chapters: Such as ``["04", "b1"]``; ``None``: all.
        repository: Where the course stands on GitHub: each chapter then links to places that run it.
        step: Told what comes next.

    Raises:
        CourseError: A cell fails, a formula cannot be set, or Sphinx warns of anything.
    """
    require_sphinx()
    sources = [read_source(path, root) for path in source_paths(root, chapters)]
    for language in LANGUAGES:
        with _speaking(language):
            _write_pages(root, folder / "sources" / language, sources, repository, step)
            step(f"Sphinx: {words.LANGUAGE_NAMES[language]}")
            _run_sphinx(folder, language)
    door = folder / "html" / "index.html"
    write_atomically(door, (_THEME / "door.html").read_bytes())
    return door


def require_sphinx() -> None:
    """Say in one sentence what is missing, if it is."""
    try:
        import furo  # noqa: F401
        import latex2mathml  # noqa: F401
        import myst_parser  # noqa: F401
        import sphinx_design  # noqa: F401
    except ModuleNotFoundError as missing:
        raise CourseError(
            f"The book needs {missing.name}: run  .venv/bin/python -m pip install -e '.[book]'",
            f"制作本书需要 {missing.name}：请运行  .venv/bin/python -m pip install -e '.[book]'",
        ) from missing


@contextmanager
def _speaking(language: str) -> Iterator[None]:
    before = current()
    use(language)
    try:
        yield
    finally:
        use(before)


def _write_pages(
    root: Path,
    folder: Path,
    sources: list[Source],
    repository: Repository | None,
    step: Callable[[str], None],
) -> None:
    language = current()
    static = folder / "static"
    notebooks = []
    terms = read_glossary(root)
    sections, lessons = read_sections(root), read_lessons(root)
    questions = read_questions(root)
    symptoms = symptoms_of(read_symptoms(root))
    places = {place for row in [*sections, *lessons] for place in row.places}
    places |= {place for asked in questions for each in asked.answers for place in each.shown}
    places |= {place for seen in symptoms for each in seen.causes for place in each.places}
    pages = {"index.md": _home(sources)}
    for source in sources:
        step(f"{language} {source.name}")
        editions = {
            framework: _edition(root, source.chapter, framework) for framework in FRAMEWORKS
        }
        anchors = anchors_of(source.chapter, editions["pytorch"].student, places)
        pages[f"{source.name}.md"] = chapter_page(
            source.name,
            editions,
            static / "shown",
            terms,
            anchors,
            repository,
            _whys(source),
        )
        notebooks.append((source.name, editions["pytorch"].student))
        for framework, edition in editions.items():
            target = static / "notebooks" / framework / f"{source.name}.ipynb"
            _write(target, nbformat.writes(edition.student))
    chapters = {source.chapter: source.name for source in sources}
    pages["glossary.md"] = glossary_page(terms, chapters)
    pages["methods.md"] = methods_page(notebooks, read_translations(root))
    by_chapter = {name[:2]: (name, notebook) for name, notebook in notebooks}
    pages["documents.md"] = documents_page(sections, lessons, by_chapter)
    link = partial(link_to, known=known_places(by_chapter))
    pages["choosing.md"] = choosing_page(questions, link)
    pages["symptoms.md"] = symptoms_page(symptoms, link)
    pages["bibliography.md"] = bibliography_page(citations(sources), read_notes(root), chapters)
    pages["syllabus.md"] = syllabus_page(read_plans(root), _course(sources))
    teaching = root / ("TEACHING.zh.md" if language == "zh" else "TEACHING.md")
    pages["teaching.md"] = teaching.read_text(encoding="utf-8")
    pages["departments.md"] = departments_page(root)
    pages["results.md"] = results_page(root, static / "shown", PICTURES)
    for name, text in pages.items():
        _write(folder / name, _without_dead_links(text, set(pages)))
    for old in set(folder.glob("*.md")) - {folder / name for name in pages}:
        old.unlink()
    _drop_unused_pictures(static / "shown", pages)


def _whys(source: Source) -> dict[str, str]:
    """Give by exercise why its solution is right, in the language in use."""
    language = current()
    mine = [cell for cell in source.prose if cell.why and cell.language in (language, "both")]
    return {
        str(cell.why): join_chinese_lines(cell.text) if language == "zh" else cell.text
        for cell in mine
    }


def _course(sources: list[Source]) -> Course:
    chapters = {source.chapter: source for source in sources if not source.is_bridge}
    points = {each: sum(e.points for e in load_chapter(each)) for each in chapters}
    return Course(chapters, points)


def _edition(root: Path, chapter: str, framework: str) -> Edition:
    language = current()
    run = executed(root, chapter, framework, language=language)
    found = faults(run.notebook)
    if found:
        raise CourseError(
            f"Chapter {chapter} ({language}, {framework}) does not run: {found[0]}",
            f"第 {chapter} 章（{language}，{framework}）运行出错：{found[0]}",
        )
    student = read_edition(root, chapter, framework, language=language, solved=False)
    return Edition(run.notebook, student)


def _home(sources: list[Source]) -> str:
    """Write the first page: what this is, the chapters with their time, and the tree of all pages."""
    chapters = [source for source in sources if not source.is_bridge]
    bridges = [source for source in sources if source.is_bridge]
    lines = [f"# {pick(words.TITLE)}", "", pick(words.WELCOME), ""]
    if any(source.chapter == "00" for source in sources):
        lines += [pick(words.HOW_TO_WORK), ""]
    lines += [f"## {pick(words.CHAPTERS)}", "", *(_chapter_line(each) for each in chapters), ""]
    if bridges:
        lines += [f"## {pick(words.BRIDGES)}", "", *(_chapter_line(each) for each in bridges), ""]
    trees = {
        words.CHAPTERS["en"]: chapters,
        words.BRIDGES["en"]: bridges,
    }
    lines += _tree(pick(words.CHAPTERS), [each.name for each in trees[words.CHAPTERS["en"]]])
    lines += _tree(pick(words.BRIDGES), [each.name for each in trees[words.BRIDGES["en"]]])
    lines += _tree(pick(words.MORE), list(REFERENCE))
    return "\n".join(lines)


def _chapter_line(source: Source) -> str:
    kind = words.BRIDGE if source.is_bridge else words.CORE if source.core else words.ELECTIVE
    line = pick(words.CHAPTER_LINE).format(
        title=pick(source.title) if source.is_bridge else f"{source.chapter} {pick(source.title)}",
        name=source.name,
        minutes=source.minutes,
        kind=pick(kind),
        needs=pick(source.prerequisites),
    )
    return f"- {line}"


def _tree(caption: str, names: list[str]) -> list[str]:
    if not names:
        return []
    return ["```{toctree}", ":hidden:", f":caption: {caption}", "", *names, "```", ""]


def _without_dead_links(text: str, pages: set[str]) -> str:
    """Keep a link to a file that is no page of this book as the words it stood on."""
    return _LINK.sub(lambda found: found[0] if found[2] in pages else found[1], text)


def _write(path: Path, text: str) -> None:
    """Write a file if it is not so already, so that Sphinx reads only what changed."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)


def _drop_unused_pictures(folder: Path, pages: Mapping[str, str]) -> None:
    everything = "".join(pages.values())
    for path in folder.glob("*"):
        if path.name not in everything:
            path.unlink()


def _run_sphinx(folder: Path, language: str) -> None:
    """Build one language's pages; whatever Sphinx warns of is an error."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    source, out = folder / "sources" / language, folder / "html" / language
    said = io.StringIO()
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            str(source),
            None,
            str(out),
            str(folder / "doctrees" / language),
            "html",
            confoverrides=_configuration(source, language),
            status=None,
            warning=said,
        )
        app.build()
    if said.getvalue().strip():
        raise CourseError(
            f"Sphinx warns of the book's pages:\n{said.getvalue().strip()}",
            f"Sphinx 对书页提出警告：\n{said.getvalue().strip()}",
        )
    shutil.rmtree(out / "_sources", ignore_errors=True)


def _configuration(source: Path, language: str) -> dict[str, Any]:
    return {
        "book_made_by": _own_digest(),
        "project": words.TITLE[language],
        "html_title": words.TITLE[language],
        "copyright": "",
        "html_show_copyright": False,
        "html_show_sphinx": False,
        "html_copy_source": False,
        # Its default is in the language of the Sphinx before, which would make every page again.
        "numfig_format": {"figure": "%s", "table": "%s", "code-block": "%s", "section": "%s"},
        "language": _SPHINX_LANGUAGE[language],
        "extensions": ["myst_parser", "sphinx_design", "course_lib.book.extension"],
        "myst_enable_extensions": ["dollarmath", "amsmath", "colon_fence"],
        "myst_heading_anchors": 3,
        # A formula's dollars stand beside Chinese characters without a space between.
        "myst_dmath_allow_space": False,
        "myst_dmath_allow_digits": True,
        "html_math_renderer": "mathml",
        "html_theme": "furo",
        "templates_path": [str(_THEME / "templates")],
        "html_static_path": [str(_THEME / "static"), str(source / "static")],
        "exclude_patterns": ["static"],
        "html_favicon": str(_THEME / "static" / "favicon.svg"),
        "html_css_files": ["book.css"],
        "html_js_files": ["book.js"],
        "html_sidebars": {
            "**": [
                "sidebar/brand.html",
                "language.html",
                "sidebar/search.html",
                "sidebar/scroll-start.html",
                "sidebar/navigation.html",
                "sidebar/scroll-end.html",
            ]
        },
        "pygments_style": "a11y-high-contrast-light",
    }


def _own_digest() -> str:
    files = sorted(path for path in _THEME.parent.rglob("*") if path.suffix in (".py", ".html"))
    return digest_of(*(path.read_bytes() for path in files))


__all__ = ["FRAMEWORK_NAMES", "build_book", "require_sphinx"]
