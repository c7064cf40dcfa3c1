"""The site's folder is replaced only if a site is all that can be lost."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.site_project import Project, make

from bench_models.errors import BenchModelsError
from bench_models.site.build import build

Published = Callable[..., Project]
CONFIG = Path("asv.conf.json")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a project that has no site yet."""
    made = make(tmp_path / "project", commits=2, variants=("baseline", "int8"))
    monkeypatch.chdir(made.root)
    return made


def _site(folder: Path, *names: str) -> None:
    """Make a folder look like a site with these files."""
    for name in names or ("index.html", "index.json", "asv.js"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("old", encoding="utf-8")


def _files(root: Path) -> dict[str, bytes]:
    """Return everything that could be lost."""
    return {str(each.relative_to(root)): each.read_bytes() for each in root.rglob("*") if each.is_file()}


def _configure(project: Project, **changes: str) -> None:
    file = project.root / CONFIG
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def _refused(root: Path, output: Path | None, config: Path = CONFIG) -> str:
    """Return the sentence, after looking that every file is there still."""
    before = _files(root)
    with pytest.raises(BenchModelsError) as caught:
        build(config, output)
    assert _files(root) == before
    return str(caught.value)


@pytest.mark.parametrize("where", [".", "..", "benchmarks", ".asv", ".asv/results", "link", "../link-up"])
@pytest.mark.parametrize("configured", [False, True])
def test_what_the_project_lives_on_is_never_replaced(
    project: Project, tmp_path: Path, *, where: str, configured: bool
) -> None:
    """Not even where it looks like a site, by a link, or by the configuration's own word."""
    (project.root / "benchmarks").mkdir()
    (project.root / "link").symlink_to(project.root)
    (tmp_path / "link-up").symlink_to(tmp_path)
    _site(project.root / where)
    if configured:
        _configure(project, html_dir=where)

    sentence = _refused(tmp_path, None if configured else Path(where))

    assert "which is or holds" in sentence
    assert "--output" in sentence
    assert (project.root / ".git" / "HEAD").is_file()


@pytest.mark.parametrize("name", ["repo", "results_dir", "benchmark_dir", "env_dir"])
def test_what_lies_beside_the_project_is_never_replaced(project: Project, tmp_path: Path, name: str) -> None:
    """A configuration may name folders elsewhere."""
    _site(tmp_path / "beside")
    _configure(project, **{name: "../beside/inner"})

    assert "which is or holds" in _refused(tmp_path, tmp_path / "beside")


def test_neither_the_configurations_folder_nor_the_current_one(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They need not be the same."""
    (tmp_path / "here").mkdir()
    _site(tmp_path / "here")
    _site(project.root)
    for output in (tmp_path / "here", project.root):
        monkeypatch.chdir(tmp_path / "here")
        assert "which is or holds" in _refused(tmp_path, output, project.root / CONFIG)


@pytest.mark.parametrize(
    "names",
    [
        ("conf.py",),
        ("index.html", "thesis.txt"),
        ("index.html", "index.json"),
        ("index.html", "bench-models/notes.txt"),
        ("index.html", "bench-models/site.css", "thesis.txt"),
        ("asv.js", "thesis.txt"),
        ("asv.js", "index.json", ".git/HEAD"),
    ],
)
@pytest.mark.parametrize("results", [True, False])
def test_what_is_no_site_is_never_replaced(
    project: Project, tmp_path: Path, *, names: tuple[str, ...], results: bool
) -> None:
    """With results as without: a page called index.html does not make a site, nor do two, nor a repository."""
    if not results:
        project.result(project.commits[0]).with_name("machine.json").unlink()
    _site(project.root / "docs", *names)

    assert "holds other things than a site" in _refused(tmp_path, Path("docs"))


@pytest.mark.parametrize(
    "names",
    [
        ("index.html", "index.json", "asv.js", "graphs/old.json"),
        ("index.html", "bench-models/site.css", "bench-models/old.html"),
        ("index.html", "asv.js", "asv.css", "graphs/old.json"),  # asv was stopped
        (),
    ],
)
def test_a_site_of_another_time_is_replaced(published: Published, tmp_path: Path, names: tuple[str, ...]) -> None:
    """Also one that was cut short, an empty folder, and one behind a link, which stays."""
    project = published()
    place = tmp_path / "place"
    place.mkdir()
    if names:
        _site(place, *names)
    (project.root / "public").symlink_to(place)

    assert build(CONFIG, Path("public")) == 0

    assert (project.root / "public").is_symlink()
    assert (place / "index.json").is_file()
    assert "old" not in {file.stem for file in place.rglob("*")}


@pytest.mark.parametrize("output", ["asv.conf.json", "asv.conf.json/site", "/proc/nope", "circle"])
def test_where_no_folder_can_be_is_one_sentence(project: Project, output: str) -> None:
    """A file, below a file, where the system has its own, and a link to itself."""
    (project.root / "circle").symlink_to("circle")

    assert "--output" in _refused(project.root, Path(output))
