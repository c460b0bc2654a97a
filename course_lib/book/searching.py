"""Search that finds Chinese: by pairs of neighbouring characters, in the index and in what is typed.

Sphinx's own Chinese search cuts the pages into words and does not cut the question, so 迁移学习 typed
whole finds nothing. Here both sides are cut alike: 迁移学习 is 迁移, 移学, 学习, and a page that holds
all three holds the phrase. A single character is found as the beginning of a pair.
"""

from __future__ import annotations

import re

from sphinx.search import SearchLanguage
from sphinx.search.en import SearchEnglish

_RUNS = re.compile(r"[\u3400-\u9fff]+|[^\W\u3400-\u9fff]+")

# The same cuts, for the page. Sphinx's script calls this for what a reader typed.
_SPLITTER = r"""
function splitQuery(query) {
  const terms = [];
  for (const run of query.match(/[\u3400-\u9fff]+|(?:(?![\u3400-\u9fff])[\p{L}\p{N}_])+/gu) || []) {
    if (!/^[\u3400-\u9fff]/.test(run) || run.length === 1) { terms.push(run); continue; }
    for (let at = 0; at + 1 < run.length; at += 1) terms.push(run.slice(at, at + 2));
  }
  return terms;
}
"""


def split_words(text: str) -> list[str]:
    """Cut a text into what the search looks for: words, and pairs of Chinese characters."""
    found: list[str] = []
    for run in _RUNS.findall(text):
        if not "\u3400" <= run[0] <= "\u9fff":
            found.append(run)
        else:
            # The last one alone, too: a question of one character is looked for at the beginning.
            found += [run[at : at + 2] for at in range(len(run))]
    return found


class ChineseByPairs(SearchEnglish):
    """English words by their stems, Chinese ones by pairs of characters."""

    lang = "zh"
    language_name = "English"  # whose stems the page cuts, too
    js_splitter_code = _SPLITTER

    def split(self, input: str) -> list[str]:
        """Cut a page's text."""
        return split_words(input)

    def stem(self, word: str) -> str:
        """Give an English word's stem; a pair stays what it is."""
        return word if word[:1] >= "\u3400" else str(super().stem(word.lower()))

    def word_filter(self, word: str) -> bool:
        """Say whether a word is worth indexing."""
        return bool(word) and (word[:1] >= "\u3400" or super().word_filter(word))


def add_search() -> None:
    """Let Sphinx use it for Chinese pages."""
    from sphinx import search

    languages: dict[str, type[SearchLanguage] | str] = search.languages  # type: ignore[assignment]
    languages["zh"] = languages["zh_CN"] = ChineseByPairs
