"""What a manifest may say, and the line that is told where it says something else."""

from pathlib import Path

import pytest

from heygem.config.settings import ROOT
from heygem.config.strings import Translator
from heygem.domain.model_errors import ManifestError
from heygem.domain.models import DownloadSource, PartHashes
from heygem.downloads.manifest import MAX_MANIFEST_BYTES, parse_manifest, read_manifest
from heygem.downloads.model_paths import PROJECT_FILES, find_clash, find_path_fault

HASH = "ab" * 32
SINGLE = f"""\
name: voice
version: 1.10
licence: MIT
size: 1234
sha256: {HASH.upper()}
download: https://example.org/files/the%20voice.pth?x=1
"""
SEVERAL = f"""\
models:
  - name: pair
    title: {{zh: 一对, en: A pair}}
    version: "2.0"
    min_version: "1.5"
    size: 300100
    licence: {{name: research, url: https://example.org, notice: Be good.}}
    files:
      - path: pair/a.pth
        size: 100
        sha256: {HASH}
        download:
          - https://example.org/a
          - url: hf://owner/repo/a.pth
            region: cn
            priority: 5
            headers: {{Referer: https://example.org/}}
            code: 1e10
      - path: pair/deep/b.pth
        size: 300_000
        sha256: {HASH}
        parts: {{size: 200000, sha256: [{HASH}, {HASH}]}}
"""


def parse(text: str):
    return parse_manifest(text.encode(), "m.yaml").models


def fault(text: str) -> tuple[int, str]:
    with pytest.raises(ManifestError) as caught:
        parse(text)
    line = caught.value.context["line"]
    assert isinstance(line, int)
    assert f"清单“m.yaml”第 {line} 行不正确" in Translator("zh").explain(caught.value)
    _, told, reason = Translator("en").explain(caught.value).partition(f"“m.yaml” is not valid, line {line}: ")
    assert told and "manifest_" not in reason
    return line, reason.removesuffix(". [MANIFEST_INVALID]")


def test_one_model_alone_is_as_short_as_can_be():
    (model,) = parse(SINGLE)
    assert (model.name, model.version, model.licence.name, model.licence.notice) == ("voice", "1.10", "MIT", {})
    (file,) = model.files
    assert (file.path, file.size_bytes, file.sha256) == ("voice/the voice.pth", 1234, HASH)
    assert file.sources == (DownloadSource("https://example.org/files/the%20voice.pth?x=1"),)


def test_several_files_with_all_that_can_be_said():
    (model,) = parse(SEVERAL)
    assert (model.size_bytes, model.min_version, model.title["zh"]) == (300_100, "1.5", "一对")
    assert model.licence.notice == {"zh": "Be good.", "en": "Be good."}
    first, second = model.files
    assert first.sources[0] == DownloadSource("https://example.org/a")
    headers = {"Referer": "https://example.org/"}
    assert first.sources[1] == DownloadSource("hf://owner/repo/a.pth", "cn", 5, headers, "1e10")
    assert second.parts == PartHashes(200_000, (HASH, HASH)) and second.sources == ()


def test_the_manifest_that_ships():
    wav2lip, landmarker = read_manifest(ROOT / "models/manifest.yaml").models
    assert wav2lip.files[0].path == "wav2lip/wav2lip_gan.pth" and wav2lip.size_bytes == 435_801_865
    assert {source.region for source in wav2lip.files[0].sources} == {"cn", "global"}
    assert set(wav2lip.licence.notice) == {"zh", "en"} and not landmarker.licence.notice
    assert landmarker.files[0].sha256.startswith("64184e22")


def test_the_example_of_the_documents_is_one():
    _, _, rest = (ROOT / "docs/models.md").read_text("utf-8").partition("```yaml\n")
    lips, tracker = parse(rest.partition("```")[0])
    assert lips.files[0].parts and lips.files[0].sources[2].code == "x7k2"
    assert tracker.files[0].path == "tracker/tracker.task"


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("size: 100\n", "size: -1\n", 10, "models[0].files[0].size"),
        ("size: 100\n", "size: 1e99\n", 10, "size"),
        ("size: 100\n", "bytes: 100\n", 10, "there is no field models[0].files[0].bytes"),
        ("priority: 5", "priority: high", 16, "download[1].priority"),
        (f"sha256: {HASH}\n        parts", "sha256: abc\n        parts", 21, "64 hexadecimal digits"),
        ("path: pair/a.pth", "path: ../a.pth", 9, "empty parts"),
        ("pair/deep/b.pth", "PAIR/A.pth", 2, "“PAIR/A.pth” is the path of another"),
        ("pair/deep/b.pth", "pair/a.pth/b", 2, "the path of another"),
        ("version: \"2.0\"", "version: newest", 4, "a version is written"),
        ("min_version: \"1.5\"", "min_version: \"2.1\"", 2, "newer than version"),
        ("size: 300100", "size: 300101", 2, "300100 bytes together"),
        ("size: 200000", "size: 100000", 19, "there are 3 parts, and 2"),
        ("url: hf://owner/repo/a.pth", "url: hf:/owner", 14, "an address begins like"),
        ("Referer: https", "\"Bad header\": https", 17, "cannot be sent"),
        ("Referer: https://example.org/", "Referer: \"a\\r\\nb: c\"", 17, "cannot be sent"),
        ("    version: \"2.0\"\n", "", 2, "models[0].version is missing"),
        ("    version: \"2.0\"\n", "    version: \"2.0\"\n    version: \"3\"\n", 5, "given twice"),
        ("name: pair", "name: ../pair", 2, "models[0].name"),
        ("files:", "sha256: \"00\"\n    files:", 8, "64 hexadecimal"),
        ("models:", "models: &all", 1, "anchors"),
        ("title: {zh", "title: !!python/object:os.system {zh", 3, "tags"),
        ("title: {zh", "title: {zh: {{", 3, ""),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(old: str, new: str, line: int, reason: str):
    assert SEVERAL.count(old) >= 1
    found = fault(SEVERAL.replace(old, new, 1))
    assert found[0] == line and reason in found[1], found


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("size: 1234\n", "", "size and sha256 are needed, or files"),
        ("download: https://example.org/files/the%20voice.pth?x=1\n", "", "path is needed"),
        ("size: 1234\n", "files: [{path: a/b, size: 1, sha256: " + HASH + "}]\n", "belong to each of them"),
        ("the%20voice.pth", "%2e%2e", "may not have empty parts"),
        ("the%20voice.pth", "", "may not have empty parts"),
    ],
)
def test_a_single_file_says_what_it_needs(old: str, new: str, reason: str):
    assert old in SINGLE and reason in fault(SINGLE.replace(old, new))[1]


def test_two_models_of_one_name():
    item = "\n".join("    " + row for row in SINGLE.splitlines()).replace("    ", "  - ", 1)
    assert fault(f"models:\n{item}\n{item}\n") == (8, "“voice” is given twice")


@pytest.mark.parametrize(
    "text",
    ["", "just words", "- a\n- b", "models: []", "models:", "name: voice", "a: [", "\t:", "a\x00b: c", "? [a]\n: b"],
)
def test_what_is_no_manifest_is_told(text: str):
    assert fault(text)[0] >= 1


def test_what_is_no_mapping_is_told():
    assert "has a list under models" in fault("just words")[1] and "has a list under models" in fault("- a")[1]


def test_bombs_and_what_is_no_text_are_refused_at_once():
    bomb = "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"
    assert fault(bomb) == (1, "anchors and aliases (& and *) are not allowed")
    assert fault("a: *a\n")[0] == 1
    assert "nest" in fault("[" * 100_000)[1] and "nested too deeply" in fault("[" * 20)[1]
    assert "too much in it" in fault("models: [" + "a," * 200_000 + "a]")[1]
    assert "larger than" in fault("#" * (MAX_MANIFEST_BYTES + 1))[1]
    with pytest.raises(ManifestError, match="manifest_not_text") as caught:
        parse_manifest(b"a: b\nc: \xff", "m.yaml")
    assert caught.value.context["line"] == 2


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(ManifestError, match="No such file"):
        read_manifest(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "path",
    [
        "", "/etc/passwd", "C:/x", "a/../b", "a//b", "./a", "a/", "a\\b", ".hidden/a", "a/.b", "a/con", "NUL.txt",
        "a/b.", "a/b ", "a:b", "a\nb", "x" * 201, "a/" + "长" * 60, "renderer.safetensors", "Manifest.yaml", "cards/x",
        "e\u0301/x",
    ],
)  # fmt: skip
def test_unsafe_paths(path: str):
    assert find_path_fault(path)


@pytest.mark.parametrize("path", ["a", "wav2lip/wav2lip_gan.pth", "模型/权重 1.pth", "a/b/c/d.task", "console/x"])
def test_safe_paths(path: str):
    assert find_path_fault(path) is None


def test_clashes_are_found_in_any_order():
    assert find_clash(["a/b", "a/c", "d"]) is None
    assert find_clash(["a/b", "A"]) == 1 and find_clash(["a", "a/b"]) == 1 and find_clash(["x/y", "X/Y"]) == 1


def test_no_manifest_can_replace_what_ships():
    shipped = {path.name.lower() for path in (ROOT / "models").iterdir() if not path.name.startswith(".")}
    known = {"wav2lip", "mediapipe"}
    assert shipped - known <= PROJECT_FILES
