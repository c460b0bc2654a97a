"""What the chapters cite: one form for one work, remarks apart."""

from __future__ import annotations

from pathlib import Path

from course_lib.authoring.checks.references import cited_works
from course_lib.authoring.references import TABLE, citations, read_notes
from course_lib.authoring.sources import Prose, Source, read_source, source_paths
from course_lib.book.references import bibliography_page
from tests.conftest import ROOT


def chapter(number: str, *items: str) -> Source:
    prose = Prose("reading", "en", "\n".join(["## Further reading", "", *items]), 10, 12)
    words = {"en": "", "zh": ""}
    return Source(Path(f"{number}_x.md"), "", number, "x", words, 10, True, words, (), (prose,))


SOUPS = "* M. Wortsman et al. *Model soups.* ICML 2022 (2022a)."
SURVEY = "- S. J. Pan, Q. Yang. *A Survey on Transfer Learning.* TKDE 22, 2010."


def test_a_remark_is_the_chapters_own_and_a_year_is_not():
    one, two = citations([chapter("90", SOUPS, f"{SURVEY} (Where it began.)")])
    assert one.work.endswith("ICML 2022 (2022a).") and one.line == 14
    assert two.work.endswith("TKDE 22, 2010.")


def test_one_work_has_one_form(tmp_path):
    same = {"90": chapter("90", SURVEY), "91": chapter("91", f"{SURVEY} (Still the map.)")}
    assert list(cited_works(tmp_path, same)) == []
    same["92"] = chapter("92", SURVEY.replace("TKDE 22", "IEEE TKDE"))
    (problem,) = cited_works(tmp_path, same)
    assert "but elsewhere" in problem.message and problem.line == 14


def faults_of(root: Path, *titles: str) -> list[str]:
    rows = "".join(f"- {{title: {title}, en: A., zh: 甲。}}\n" for title in titles)
    (root / TABLE).parent.mkdir(parents=True, exist_ok=True)
    (root / TABLE).write_text(rows, encoding="utf-8")
    return [problem.message for problem in cited_works(root, {"90": chapter("90", SURVEY)})]


def test_each_work_has_one_note_and_each_note_its_work(tmp_path):
    title = "A survey on Transfer Learning"  # capitals do not matter
    assert faults_of(tmp_path, title) == []
    assert faults_of(tmp_path, title, "Nowhere") == ["no chapter cites 'nowhere'"]
    assert faults_of(tmp_path, title, title.upper()) == [f"{title.lower()!r} stands here twice"]
    assert faults_of(tmp_path) == [f"nothing says what {title.lower()!r} is worth reading for"]


def test_the_page_is_sorted_by_family_name_and_links_the_chapters():
    cited = citations([chapter("90", SOUPS, SURVEY), chapter("91", SURVEY)])
    page = bibliography_page(cited, {"model soups": {"en": "Mix.", "zh": "混。"}}, {"90": "90_x"})
    assert page.index("Survey") < page.index("soups")
    assert "2010. [90](90_x.md), 91" in page and "Mix." in page
    assert "2 works." in page


def test_the_courses_own_works_are_many():
    sources = [read_source(path, ROOT) for path in source_paths(ROOT)]
    assert len({each.key for each in citations(sources)}) >= 200
    assert all(each.key in read_notes(ROOT) for each in citations(sources))
