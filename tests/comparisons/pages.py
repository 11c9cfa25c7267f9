"""Reports read back: what a page holds, for tests of reports."""

from html.parser import HTMLParser

from comparisons.report.page import page_of, verdicts_of

LOADING = {"src", "srcset", "poster", "data", "background"}
"""Attributes that load something."""


class Page(HTMLParser):
    """What a page holds: its tags with attributes in order, and the text inside tags of interest."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[list[tuple[str, str]]] = []
        self.text = ""
        self.is_in_cell = False
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append((attributes.get("data-label") or "", ""))
            self.is_in_cell = True

    def handle_endtag(self, tag):
        self.is_in_cell = self.is_in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        self.text += data
        if self.is_in_cell:
            label, text = self.cells[-1][-1]
            self.cells[-1][-1] = (label, text + data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def rows(self):
        return [{label: text.strip() for label, text in row if label} for row in self.cells]


def words_of(tree, *, figures=(), verdicts=None, question="Is it?", provenance=None):
    """The page of a comparison as it is before it is written; without pictures, which take most of its time."""
    found = verdicts_of(tree) if verdicts is None else verdicts
    return Page(page_of(tree, figures, found, question=question, provenance=provenance or {}, files=""))
