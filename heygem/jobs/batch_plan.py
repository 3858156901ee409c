"""From a list of files to the jobs of a batch: each person says each voice, or the one voice that its row names."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from heygem.domain.inspection import MediaKind
from heygem.domain.job import FaceChoice, LipSyncRequest, NewJob
from heygem.domain.queue import DraftItem

PlanOutput: TypeAlias = Callable[[DraftItem, Path], Path]  # a free path for what a person makes of a voice


def plan_jobs(
    items: Sequence[DraftItem], face: FaceChoice, plan_output: PlanOutput, owner: str = "", project: str = ""
) -> list[NewJob]:
    """In the list's order. `face` and `project` hold where a row does not say otherwise."""
    return [
        NewJob(
            LipSyncRequest(person.path, voice, plan_output(person, voice), choose_face(person, face)),
            owner=owner,
            project=person.project or project,
        )
        for person, voice in list_pairs(items)
    ]


def choose_face(person: DraftItem, face: FaceChoice) -> FaceChoice:
    """A row's own choice, where it has made one."""
    return face if person.face == FaceChoice() else person.face


def list_pairs(items: Sequence[DraftItem]) -> Iterator[tuple[DraftItem, Path]]:
    """The people, each with the voices that it is to say."""
    voices = [item.path for item in items if item.kind is MediaKind.VOICE]
    for person in items:
        if person.kind is MediaKind.PERSON:
            for voice in [person.voice] if person.voice else voices:
                yield person, voice
