"""A published site in this process, with made-up scripts in place of npm's."""

import re
from collections.abc import Callable
from pathlib import Path

import asv
import pytest
from support.site_project import Project, make

from bench_models.site import asv_page
from bench_models.site.asv_page import Copy
from bench_models.site.build import build


@pytest.fixture
def page_of_asv() -> str:
    """Return the page that asv publishes."""
    return (Path(asv.__file__).parent / "www" / "index.html").read_text(encoding="utf-8")


@pytest.fixture
def made_up(page_of_asv: str) -> list[Copy]:
    """Return a copy for each address of asv's page."""
    addresses = re.findall(r'<(?:script|link)\b[^>]*\b(?:src|href)="(https?://[^"]+)"', page_of_asv)
    return [Copy(address=each, name=each.rpartition("/")[2], content=each.encode()) for each in addresses]


@pytest.fixture
def published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made_up: list[Copy]
) -> Callable[[Callable[[Project], None]], Project]:
    """Return a function that makes a project of twelve commits, lets a test spoil it, and publishes it."""
    monkeypatch.setattr(asv_page, "copies", lambda _: made_up)

    def publish(spoil: Callable[[Project], None] = lambda _: None) -> Project:
        project = make(tmp_path / "project", commits=12, variants=("baseline", "int8"))
        spoil(project)
        monkeypatch.chdir(project.root)
        assert build(Path("asv.conf.json"), None) == 0
        return project

    return publish
