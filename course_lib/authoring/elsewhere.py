"""The cell by which a notebook that was opened on Colab or Kaggle fetches the course.

Such a machine has NumPy, PyTorch and the like, and not the course; one line of pip brings the package,
with the weights and exercises that its chapters use. Where the course is, the cell does nothing.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_lib.language import Text

UNKNOWN = "OWNER/REPOSITORY"
NAME = "elsewhere"  # the cell's id

_WORDS: Text = {
    "en": "# Only on Colab or Kaggle: this installs the course. Where the course is, it does nothing.",
    "zh": "# 只在 Colab 或 Kaggle 上起作用：安装本课程。已有课程的地方什么也不做。",
}
_TO_FILL: Text = {
    "en": f"# Write the course's place on GitHub for {UNKNOWN}: it stands in this page's address.",
    "zh": f"# 请把 {UNKNOWN} 换成本课程在 GitHub 上的位置：它就在本页的网址里。",
}


def install_line(repository: str = UNKNOWN) -> str:
    """Give what pip is told: the package, and what it needs that such machines lack."""
    return (
        "install --quiet --no-deps platformdirs safetensors threadpoolctl "
        f"git+https://github.com/{repository}"
    )


def repository_named(root: Path) -> str:
    """Give ``OWNER/REPOSITORY`` as pyproject.toml names it; until it does, these very words."""
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    except (OSError, KeyError, ValueError):
        return UNKNOWN
    address = project.get("urls", {}).get("Repository", "")
    return address.removeprefix("https://github.com/").removesuffix(".git").strip("/") or UNKNOWN


def with_start_cell(notebook: NotebookNode, repository: str = UNKNOWN) -> NotebookNode:
    """Put the cell before the setup cell of a student edition; a notebook without one stays as it is.

    JupyterLab shows it folded; Colab and Kaggle, where it is needed, show it open.
    """
    places = [
        n for n, cell in enumerate(notebook.cells) if "setup" in cell.metadata.get("tags", ())
    ]
    if not places:
        return notebook
    language = notebook.metadata.course.language
    lines = [
        _WORDS[language],
        *([_TO_FILL[language]] if repository == UNKNOWN else []),
        "import importlib.util",
        "",
        'if importlib.util.find_spec("course_lib") is None:',
        f'    get_ipython().run_line_magic("pip", "{install_line(repository)}")',
    ]
    cell = nbformat.v4.new_code_cell(
        "\n".join(lines), metadata={"tags": [NAME], "jupyter": {"source_hidden": True}}
    )
    cell.id = NAME
    notebook.cells.insert(places[0], cell)
    return notebook
