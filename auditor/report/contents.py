"""The list of contents, read from the page itself: the two cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser


@dataclass(slots=True)
class Heading:
    """One numbered section of the page."""

    id: str
    number: str = ""
    title: str = ""


def contents_of(page: str) -> list[Heading]:
    """Returns every heading of the second level that can be gone to, in the order of the page."""
    reader = _Reader()
    reader.feed(page)
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Heading] = []
        self._inside: list[str] = []
        """Open tags of a heading and what is in it, the part of the page that is read."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "h2" and values.get("id"):
            self.found.append(Heading(str(values["id"])))
            self._inside = ["title"]
        elif self._inside:
            self._inside.append("number" if values.get("class") == "no" else self._inside[-1])

    def handle_endtag(self, tag: str) -> None:
        self._inside = [] if tag == "h2" else self._inside[:-1]

    def handle_data(self, data: str) -> None:
        if self._inside:
            heading, part = self.found[-1], self._inside[-1]
            setattr(heading, part, (getattr(heading, part) + data).lstrip())
