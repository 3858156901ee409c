"""Writes models/TRAINING_CLIPS.tsv, what the weights were trained on: `python -m training.list_training_clips`."""

import csv
from typing import Final

from training.dataset import CLIPS, ROOT, list_labels, read_labels
from training.motion_basis import LEFT_OUT

TARGET: Final = ROOT.parent / "models" / "TRAINING_CLIPS.tsv"
COLUMNS: Final = ("file", "repo", "path", "blob_sha1", "repo_licence", "note", "used_for")


def read_index(name: str) -> dict[str, dict[str, str]]:
    """The lines of an index of clips by file."""
    with (CLIPS / name).open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file, delimiter="\t")}


def list_lines() -> list[dict[str, str]]:
    """The index lines of all labelled training clips, and which networks learned from them."""
    index = read_index("INDEX.tsv") | read_index("faces/INDEX.tsv")
    lines = []
    for split in ("train", "faces"):
        for path in list_labels(split):
            source = read_labels(path).source
            uses = ["face tracker"]
            if source.split("/")[1] not in LEFT_OUT:
                uses += ["renderer"] if split == "faces" else ["lip motion", "renderer"]
            lines.append({"repo_licence": "?"} | index[source] | {"used_for": ", ".join(uses)})
    return lines


if __name__ == "__main__":
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter="\t", extrasaction="ignore", lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(list_lines())
