"""The chart's JavaScript is served from a fixed table, compressed once, cached for good."""

import posixpath
import re

import pytest

from server import assets


def test_health_answers_without_a_token(site):
    assert site.client.get("/api/health").json() == {"status": "ok"}


@pytest.mark.parametrize("name", ["live_chart.js", "plotly.min.js"])
def test_an_asset_comes_whole_compressed_and_typed(site, name):
    answer = site.client.get(f"/api/assets/{name}", headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == assets.asset_paths()[name].read_bytes()
    plain = site.client.get(f"/api/assets/{name}", headers={"accept-encoding": "identity"})
    assert plain.headers["content-encoding"] == "identity"
    assert plain.content == answer.content


def test_an_asset_is_cached_for_good_under_its_own_hash_only(site):
    url = assets.asset_url("live_chart.js")
    assert "immutable" in site.client.get(url).headers["cache-control"]
    others = "live_chart.js", "0/live_chart.js", "rows/cells.js", "0/rows/cells.js"
    for other in (f"/api/assets/{path}" for path in others):
        assert site.client.get(other).headers["cache-control"] == "no-cache"


def test_modules_share_a_version_so_that_their_imports_are_pinned_too(site):
    version = assets.asset_url("live_chart.js").rpartition("/")[0]
    names = [name for name in assets.asset_paths() if name != "plotly.min.js"]
    assert len(names) > 10
    for name in names:
        assert assets.asset_url(name) == f"{version}/{name}"
        answer = site.client.get(f"{version}/{name}")
        assert "immutable" in answer.headers["cache-control"]
        for imported in re.findall(r'from "(\.\.?/.+?)"', answer.text):
            assert posixpath.normpath(posixpath.join(posixpath.dirname(name), imported)) in names


def test_an_asset_the_browser_has_is_not_sent_again(site):
    tag = site.client.get("/api/assets/live_chart.js").headers["etag"]
    answer = site.client.get("/api/assets/live_chart.js", headers={"if-none-match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_an_asset_is_compressed_once(site, monkeypatch):
    site.client.get("/api/assets/live_chart.js")
    monkeypatch.setattr(assets.gzip, "compress", lambda *args: pytest.fail("compressed again"))
    assert site.client.get("/api/assets/live_chart.js").status_code == 200


@pytest.mark.parametrize(
    "name", ["app.py", "..%2fapp.py", "%2e%2e%2fassets.py", "live_chart.js%00", "%2fetc%2fpasswd", "x"]
)
def test_nothing_outside_the_table_is_served(site, name):
    assert site.client.get(f"/api/assets/{name}").status_code == 404
