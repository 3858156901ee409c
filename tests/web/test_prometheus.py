"""A true Prometheus scrapes the page's server and answers with what the server said."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar

import httpx
import pytest
import yaml
from prometheus_client import parser

from tests.serving import free_port

DOCS: Final = Path(__file__).parents[2] / "docs" / "monitoring"
PATIENCE_S: Final = 60.0
CHANGING: Final = ("seconds", "free_bytes", "used_ratio")  # names that end so, from one moment to the next
T = TypeVar("T")


@pytest.fixture
def prometheus(address: str, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of one that runs by the example in docs/, every second and at the test's server."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("there is no Prometheus on this machine")
    port, config = free_port(), yaml.safe_load((DOCS / "prometheus.yml").read_text("utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(DOCS / "alert-rules.yml")]
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [httpx.URL(address).netloc.decode()]
    config.pop("alerting", None)
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    command = [program, f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1") as client:
                yield client
        finally:
            process.terminate()


def ask(client: httpx.Client, query: str) -> dict[tuple[tuple[str, str], ...], float]:
    """Values by labels, the name among them and without those of Prometheus itself; none while it starts."""
    try:
        found = client.get("/query", params={"query": query}).raise_for_status().json()["data"]["result"]
    except httpx.HTTPError:
        return {}
    return {_name_series(one["metric"]): float(one["value"][1]) for one in found}


def _name_series(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, value) for key, value in labels.items() if value and key not in ("job", "instance")))


def wait_for(ask_once: Callable[[], T]) -> T:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := ask_once()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert found
    return found


def scrape(address: str) -> dict[tuple[tuple[str, str], ...], float]:
    return {
        _name_series({"__name__": sample.name, **sample.labels}): sample.value
        for family in parser.text_string_to_metric_families(httpx.get(f"{address}metrics").text)
        for sample in family.samples
        if sample.name.startswith("heygem_")
    }


def keep_still(series: dict[tuple[tuple[str, str], ...], float]) -> dict[tuple[tuple[str, str], ...], float]:
    return {key: value for key, value in series.items() if not dict(key)["__name__"].endswith(CHANGING)}


def make_video(address: str, media: Path) -> None:
    """By the interface for programs, to its end."""
    files = {"person": (media / "person.mp4").open("rb"), "voice": (media / "quick.wav").open("rb")}
    job = httpx.post(f"{address}api/v1/jobs", files=files).raise_for_status().json()["job_id"]
    for file in files.values():
        file.close()
    wait_for(lambda: httpx.get(f"{address}api/v1/jobs/{job}").json()["state"] == "succeeded")


def test_prometheus_knows_what_the_server_says(prometheus: httpx.Client, address: str, media: Path):
    make_video(address, media)
    ended = 'heygem_jobs_ended_total{state="succeeded"}'
    wait_for(lambda: ask(prometheus, f"up == 1 and on() ({ended} >= 1)"))
    wait_for(lambda: keep_still(ask(prometheus, '{__name__=~"heygem_.*"}')) == keep_still(scrape(address)))
    assert ask(prometheus, "{__name__=~'heygem_.*'}").keys() == scrape(address).keys()
    assert list(ask(prometheus, 'heygem_stage_seconds_bucket{stage="render",le="+Inf"} >= 1')) != []
    assert ask(prometheus, "histogram_quantile(0.5, sum by (le) (heygem_stage_seconds_bucket))") != {}
    rules = prometheus.get("/rules").json()["data"]["groups"]
    assert {rule["health"] for group in rules for rule in group["rules"]} <= {"ok", "unknown"} and rules
    for expression in list_panels():
        answer = prometheus.get("/query", params={"query": expression})
        assert answer.status_code == 200, f"{expression}: {answer.text}"


def list_panels() -> Iterator[str]:
    dashboard = json.loads((DOCS / "heygem-dashboard.json").read_text("utf-8"))
    for panel in dashboard["panels"]:
        yield from (target["expr"].replace("$job", "heygem") for target in panel["targets"])
