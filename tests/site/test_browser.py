"""The site in a real browser, with the network cut: what people see, press and hear read out."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from support.browser import Visit, chromium, served, visit
from support.site_project import Project, add_checks, make

from bench_models.site.asv_page import PinnedPackage

pytestmark = pytest.mark.slow

SUITE = "rotten_tomatoes"
VARIANTS = ("baseline", "bf16", "pruned30", "student3", "student2")
OURS = ("index.html", "checks.html", f"history-{SUITE}--bf16.html", f"leaderboard-{SUITE}.html")
WHAT_IS_SHOWN = {
    **{f"bench-models/{name}": "h1" for name in OURS},
    "index.html#/": "#summarygrid-display canvas",
    "index.html#/summarylist": "#summarylist-body table td",
    "index.html#/regressions": "#regressions-body table td",
    f"index.html#{SUITE}.Latency.time_single_stream": "#main-graph canvas",
}
AXE = PinnedPackage(
    requirement="axe-core@4.10.3",
    sha512="5e6edba515e70d25f6604d9815f064d859c5d1ea7ab661bbc4f87c88779ef0c2"
    "1cae0abbeb636471ef39e9d62d2582e4b88a1866f19f4ecfcf6d986275e4dc12",
    files=(("axe", "axe.min.js"),),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that downloads of these tests are kept in."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Project:
    """Return a published project with two hundred commits."""
    made = make(tmp_path_factory.mktemp("site") / "project", commits=200, variants=VARIANTS, suite=SUITE)
    add_checks(made)
    _publish(made, BENCH_MODELS_HOME=str(home))
    return made


@pytest.fixture(scope="module")
def address(project: Project) -> Iterator[str]:
    """Serve the site."""
    with served(project.html) as base:
        yield base


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return one browser for all tests."""
    with chromium() as running:
        yield running


@pytest.fixture(params=["light", "dark"])
def seen(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Visit]:
    """Return a page with the network cut; nothing may go wrong on it, whatever a test does there."""
    with visit(browser, address, request.param) as one:
        yield one
        assert one.outside == []
        assert one.troubles == []


@pytest.fixture
def light(browser: Browser, address: str) -> Iterator[Visit]:
    """Return such a page where colours do not matter."""
    with visit(browser, address) as one:
        yield one
        assert one.outside == []
        assert one.troubles == []


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where screenshots are kept."""
    folder = Path(os.environ.get("BENCH_MODELS_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _publish(project: Project, **environment: str) -> str:
    command = [sys.executable, "-m", "bench_models", "site"]
    variables = os.environ | {"PYTHONSAFEPATH": "1"} | environment
    done = subprocess.run(command, cwd=project.root, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize(("path", "shown"), WHAT_IS_SHOWN.items(), ids=list(WHAT_IS_SHOWN))
def test_pages_load_with_the_network_cut(
    seen: Visit, path: str, shown: str, screenshots: Path, request: pytest.FixtureRequest
) -> None:
    """Each page shows what it is for, asks nobody else for anything, and has no error on its console."""
    page = seen.open(path)

    page.locator(shown).first.wait_for(state="visible")
    name = request.node.name.partition("[")[2].translate(str.maketrans("/#?", "---", "]"))
    page.screenshot(path=screenshots / f"{name}.png", full_page=True)


def test_one_site_leads_to_the_other(light: Visit) -> None:
    """From the table to a variant, to asv's graph of it, to asv's regressions and back."""
    page = light.open("bench-models/index.html")
    page.get_by_role("rowheader", name="bf16").first.get_by_role("link").click()
    assert page.get_by_role("heading", level=1).inner_text() == f"bf16 of {SUITE}"

    page.get_by_role("link", name="asv's graph of Latency of one sentence").click()
    page.locator("#main-graph canvas").first.wait_for()
    assert f"{SUITE}.Latency.time_single_stream" in page.locator("#title").inner_text()
    page.get_by_role("link", name="Regressions", exact=True).click()
    page.locator("#regressions-body table tbody tr").first.wait_for()

    page.get_by_role("link", name="Variants and checks").click()
    page.wait_for_url("**/bench-models/index.html")
    page.get_by_role("link", name="asv: list").click()
    page.locator("#summarylist-body table").first.wait_for()


def test_table_sorts_by_numbers_and_says_so(light: Visit) -> None:
    """Pressing a heading sorts up, pressing it again down, and screen readers are told."""
    page = light.open("bench-models/index.html")
    table = page.locator("table[data-sortable]").first
    heading = table.get_by_role("columnheader", name="Size")
    button = heading.get_by_role("button")

    def names() -> list[str]:
        return table.locator("tbody th").all_inner_texts()

    assert heading.get_attribute("aria-sort") == "none"
    button.click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert names() == list(reversed(VARIANTS))
    button.click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert names() == list(VARIANTS)
    table.get_by_role("columnheader", name="variant").get_by_role("button").click()
    assert names() == sorted(VARIANTS)
    assert heading.get_attribute("aria-sort") == "none"


def test_asvs_own_lists_sort_with_the_copied_plugin(light: Visit) -> None:
    """The newer sorting script orders asv's list by value, up and down, and asv keeps that in its address."""
    page = light.open("index.html#/summarylist")
    heading = page.locator("#summarylist-body thead th", has_text="Value").first

    def values() -> list[float]:
        cells = page.locator("#summarylist-body tbody td:nth-child(2)")
        found: list[float] = cells.evaluate_all("cells => cells.map(cell => $(cell).data('sort-value'))")
        return found

    for direction, expected in (("asc", sorted(values())), ("desc", sorted(values(), reverse=True))):
        heading.click()
        page.locator(f"#summarylist-body thead th.{direction}", has_text="Value").wait_for()
        assert values() == expected
        page.wait_for_url(f"**dir={direction}*")


def test_history_of_two_hundred_commits_is_drawn(light: Visit, project: Project) -> None:
    """Our graph has a point for each commit and a mark where it became slower; so has asv's."""
    page = light.open("bench-models/history-rotten_tomatoes--bf16.html")
    graph = page.get_by_role("img", name="Latency of one sentence, commit by commit")
    path = graph.locator("path.line-0").first.get_attribute("d") or ""

    assert path.count("L") == len(project.commits) - 1 == 199
    assert graph.locator(".mark.accepted").count() == 1
    slow = project.commits[len(project.commits) * 2 // 3]
    assert slow[:8] in page.locator("ol.change-points").first.inner_text()

    page = light.open("index.html#rotten_tomatoes.Latency.time_single_stream?p-variant='bf16'")
    page.locator("#main-graph canvas").first.wait_for()
    drawn = page.evaluate("$('#main-graph').data('plot').getData().map(line => line.data.length)")
    assert max(drawn) >= 200


def test_figure_follows_the_theme(seen: Visit, request: pytest.FixtureRequest) -> None:
    """The picture is drawn, and it is the one for light or for dark pages."""
    picture = seen.open("bench-models/index.html").locator("figure img")

    assert picture.evaluate("picture => picture.complete && picture.naturalWidth > 0")
    theme = "dark" if "dark" in request.node.name else "light"
    assert str(picture.evaluate("picture => picture.currentSrc")).endswith(f"figure-{SUITE}-{theme}.svg")


def test_everything_is_reached_by_keyboard(light: Visit) -> None:
    """The first stop skips to the content; a heading is sorted by the space bar; the stop is seen."""
    page = light.open("bench-models/index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    page.wait_for_url("**/index.html#main")

    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('th button')"):
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.closest('th').ariaSort") == "ascending"


def test_what_others_wrote_is_shown_as_text(light: Visit) -> None:
    """A reason, a sentence or a project's name that holds markup stays text."""
    page = light.open("bench-models/index.html")

    assert page.get_by_text("<img src=x onerror=alert(1)>").first.is_visible()
    assert page.locator("img[src=x]").count() == 0
    assert page.title() == "Variants · tiny <project>"


@pytest.mark.parametrize("name", OURS)
def test_axe_finds_nothing(seen: Visit, name: str, home: Path) -> None:
    """The rules that can be checked by a program hold, contrast as it was painted among them."""
    page = seen.open(f"bench-models/{name}")
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    (axe,) = AXE.copies(home)
    page.evaluate(axe.content.decode())
    found = page.evaluate("axe.run().then(results => results.violations)")

    assert [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found] == []


def test_axe_finds_what_is_wrong(browser: Browser, address: str, home: Path) -> None:
    """The rules above can fail: an unreadable colour and an image without words are both found."""
    with visit(browser, address) as one:
        page = one.open("bench-models/index.html")
        page.evaluate("document.querySelector('h1').innerHTML = '<img src=\"data:,\">'")
        page.evaluate("document.querySelector('h2').setAttribute('style', '')")
        page.evaluate("document.querySelector('h2').style.color = '#ccc'")
        (axe,) = AXE.copies(home)
        page.evaluate(axe.content.decode())
        found = page.evaluate("axe.run().then(results => results.violations.map(each => each.id))")

    assert {"image-alt", "color-contrast"} <= set(found)


def test_addresses_elsewhere_would_be_seen(browser: Browser, tmp_path: Path) -> None:
    """The tests above can fail: without copies asv's page asks for scripts elsewhere, and ours still does not."""
    made = make(tmp_path / "project", commits=3, variants=VARIANTS[:2])
    empty = {"BENCH_MODELS_HOME": str(tmp_path / "empty"), "npm_config_cache": str(tmp_path / "npm")}
    said = _publish(made, npm_config_offline="true", **empty)
    assert said.count("keeps the addresses of its scripts") == 1

    with served(made.html) as base, visit(browser, base) as one:
        one.open("index.html")
        assert any("jquery" in each for each in one.outside)
        one.outside.clear()
        one.open("bench-models/index.html")
        assert one.outside == []


def test_no_results_is_a_page_too(browser: Browser, tmp_path: Path) -> None:
    """The first page of the site leads to one that says how to make results."""
    made = make(tmp_path / "project", commits=1, variants=VARIANTS[:2])
    made.result(made.commits[0]).unlink()
    _publish(made, BENCH_MODELS_HOME=str(tmp_path / "empty"))

    with served(made.html) as base, visit(browser, base) as one:
        page = one.open("index.html")
        page.wait_for_url("**/bench-models/index.html")
        assert page.get_by_role("heading", name="There are no results yet").is_visible()
        assert one.outside == one.troubles == []
