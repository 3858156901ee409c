"""The dashboard, the alert rules and the list of metrics in docs/monitoring say what a true scrape says."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from prometheus_client import parser

from heygem.config.settings import load_settings
from tests.fakes import FakeServices

DOCS: Final = Path(__file__).parents[1] / "docs" / "monitoring"
PARTS: Final = ("_bucket", "_sum", "_count")  # of a histogram
NAME: Final = re.compile(r"\b(?:heygem|process|python)_[a-z_]+\b")


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Names as Prometheus keeps them, and their types."""
    folder = tmp_path_factory.mktemp("scraped")
    services = FakeServices(load_settings(paths={name: folder / name for name in ("outputs", "cache", "data")}))
    body, _ = services.monitoring.metrics.render("")
    services.queue.database.close()
    found = {family.name: family.type for family in parser.text_string_to_metric_families(body.decode())}
    return {f"{name}_total" if kind == "counter" else name: kind for name, kind in found.items()}


def list_expressions() -> Iterator[str]:
    for panel in read_dashboard()["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    for group in yaml.safe_load((DOCS / "alert-rules.yml").read_text("utf-8"))["groups"]:
        yield from (rule["expr"] for rule in group["rules"])


def read_dashboard() -> dict[str, Any]:
    dashboard: dict[str, Any] = json.loads((DOCS / "heygem-dashboard.json").read_text("utf-8"))
    return dashboard


def test_every_metric_of_the_dashboard_and_the_rules_exists(families: dict[str, str]):
    histograms = {f"{name}{part}" for name, kind in families.items() if kind == "histogram" for part in PARTS}
    known = {name for name, kind in families.items() if kind != "histogram"} | histograms
    used = {name for expression in list_expressions() for name in NAME.findall(expression)}
    assert used - known == set()


def test_the_dashboard_shows_all_of_ours(families: dict[str, str]):
    used = " ".join(list_expressions())
    ours = {name for name in families if name.startswith("heygem_")} - {"heygem_build_info"}
    assert {name for name in ours if name not in used} == set()


def test_the_readme_has_every_metric_and_its_type(families: dict[str, str]):
    rows = re.findall(r"^\| `([a-z_]+)(?:\{.*?\})?` \| (\w+) \|", (DOCS / "README.md").read_text("utf-8"), re.MULTILINE)
    assert dict(rows) == families and len(rows) == len(families)


def test_the_dashboard_is_one_that_grafana_can_show():
    dashboard = read_dashboard()
    panels = dashboard["panels"]
    assert [variable["type"] for variable in dashboard["templating"]["list"]] == ["datasource", "query"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    sources = [part["datasource"]["uid"] for panel in panels for part in (panel, *panel["targets"])]
    assert set(sources) == {"${datasource}"}
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert not any(overlap(one, other) for one, other in combinations(places, 2))


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[at] < other[at] + other[size] and other[at] < one[at] + one[size] for at, size in (("x", "w"), ("y", "h"))
    )


@pytest.mark.parametrize(
    "command", ["check config prometheus.yml", "check rules alert-rules.yml", "test rules alert-rules.test.yml"]
)
def test_promtool_is_content(command: str):
    if (program := shutil.which("promtool")) is None:
        pytest.skip("there is no promtool on this machine")
    done = subprocess.run([program, *command.split()], cwd=DOCS, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_to_fire_and_to_be_silent():
    rules = yaml.safe_load((DOCS / "alert-rules.yml").read_text("utf-8"))["groups"]
    tests = yaml.safe_load((DOCS / "alert-rules.test.yml").read_text("utf-8"))["tests"]
    looks = [look for test in tests for look in test["alert_rule_test"]]
    named = {rule["alert"] for group in rules for rule in group["rules"]}
    assert {look["alertname"] for look in looks if look.get("exp_alerts")} == named
    assert {look["alertname"] for look in looks if not look.get("exp_alerts")} == named
