"""The pages of a published site as tests read them."""

from html.parser import HTMLParser

from support.site_project import Project


class Tags(HTMLParser):
    """Every start tag of a page."""

    def __init__(self, page: str) -> None:
        """Read a page."""
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.found.append((tag, dict(attrs)))


def pages_of(project: Project) -> dict[str, str]:
    """Return our pages by their file's name."""
    return {file.name: file.read_text(encoding="utf-8") for file in (project.html / "bench-models").glob("*.html")}
