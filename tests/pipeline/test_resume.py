"""Jobs that are ended at any moment and go on: the same film as in one go, and nothing left over."""

import json
import shutil
from datetime import datetime

import pytest

from heygem.domain.errors import CancelledError, DiskFullError, OutputPathError
from heygem.domain.job import FaceChoice, LipSyncRequest
from heygem.domain.progress import CancelToken, Progress, Stage
from heygem.media.probe import probe_video
from heygem.pipeline.sidecar import read_sidecar, sidecar_path
from tests.pipeline.test_generate import GreenEngine, generate, media  # noqa: F401 - a fixture
from tests.pipeline.test_generate import make_generator as make_any_generator

SEGMENT = 20


def make_generator(cache, engine=None):
    return make_any_generator(cache, engine, segment_frames=SEGMENT)


@pytest.fixture(scope="module")
def whole(media, tmp_path_factory):  # noqa: F811
    """75 frames made in one go, in segments of SEGMENT."""
    folder = tmp_path_factory.mktemp("whole")
    generate(make_generator(folder / "cache"), media / "face.mp4", media / "voice3.0.wav", folder / "o.mp4")
    return folder / "o.mp4"


def break_off(generator, frame, files, work):
    """Cancels the job once output frame `frame` has been painted."""
    cancel = CancelToken()
    generator.engine.on_paint = lambda time_s: cancel.cancel() if time_s * 25 >= frame else None
    with pytest.raises(CancelledError):
        generator.generate(LipSyncRequest(*files), lambda _: None, cancel, work)
    generator.engine.on_paint = lambda _: None
    generator.engine.times_s.clear()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("frame", [0, 30, 50, 74])
def test_a_job_goes_on_from_its_last_finished_segment(media, whole, tmp_path, frame):  # noqa: F811
    generator, work = make_generator(tmp_path / "cache", GreenEngine(pause_s=0.01)), tmp_path / "work"
    files = media / "face.mp4", media / "voice3.0.wav", tmp_path / "out" / "o.mp4"
    break_off(generator, frame, files, work)
    assert names(tmp_path / "out") == []
    kept = [name for name in names(work) if name not in ("plan.json", "voice.m4a")]
    assert kept == [f"{number:05d}.mp4" for number in range(len(kept))]
    assert len(kept) >= (frame - 30) // SEGMENT  # painting is some frames ahead
    events: list[Progress] = []
    result = generate(generator, *files, events.append, work_dir=work)
    start = len(kept) * SEGMENT
    lead_in = start - start % generator.engine.batch_size
    assert 0 <= round(generator.engine.times_s[0] * 25) - lead_in <= 5  # five frames have no face
    rendered = [event.done for event in events if event.stage is Stage.RENDER]
    assert (rendered[0], rendered[-1]) == (start, 75)
    assert files[2].read_bytes() == whole.read_bytes()
    record = read_sidecar(whole)
    assert record is not None and record.unchanged == result.unchanged
    assert names(work) == ["plan.json"]
    assert names(tmp_path / "out") == ["o.json", "o.mp4"]


def test_what_is_skipped_is_noted_frame_by_frame(media, tmp_path):  # noqa: F811
    generator, work = make_generator(tmp_path / "cache"), tmp_path / "work"
    files = media / "face.mp4", media / "voice3.0.wav", tmp_path / "o.mp4"
    break_off(generator, 74, files, work)
    generate(generator, *files, work_dir=work)
    whole_run = GreenEngine()
    generate(make_generator(tmp_path / "cache", whole_run), *files[:2], tmp_path / "2.mp4")
    engine = generator.engine
    assert engine.skipped_s + engine.times_s == whole_run.times_s
    assert engine.skipped_s[-1] > 0.5


def test_an_output_that_is_there_is_not_made_twice(media, tmp_path):  # noqa: F811
    files = media / "face.mp4", media / "voice0.6.wav", tmp_path / "o.mp4"
    generator = make_generator(tmp_path / "cache")
    first = generate(generator, *files, work_dir=tmp_path / "work")
    before = (tmp_path / "o.mp4").stat()
    shutil.rmtree(tmp_path / "work")
    generator.engine.times_s.clear()
    second = generate(make_generator(tmp_path / "other cache"), *files, work_dir=tmp_path / "work")
    assert second == first
    assert generator.engine.times_s == []
    assert (tmp_path / "o.mp4").stat() == before
    with pytest.raises(OutputPathError):
        generate(generator, *files)  # on the shell nothing says that it is the same job
    with pytest.raises(OutputPathError):
        generate(generator, media / "005.png", *files[1:], work_dir=tmp_path / "work")
    assert (tmp_path / "o.mp4").stat() == before


def test_a_joined_film_is_only_given_its_name(media, whole, tmp_path, monkeypatch):  # noqa: F811
    files = media / "face.mp4", media / "voice3.0.wav", tmp_path / "o.mp4"
    generator = make_generator(tmp_path / "cache")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("heygem.pipeline.generate.publish_output", interrupt)
        generate(generator, *files, work_dir=tmp_path / "work")
    assert names(tmp_path / "work") == ["film.mp4", "plan.json"]
    generator.engine.times_s.clear()
    generate(generator, *files, work_dir=tmp_path / "work")
    assert generator.engine.times_s == []
    assert (tmp_path / "o.mp4").read_bytes() == whole.read_bytes()


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("change", ["voice", "face", "encoding", "weights"])
def test_what_another_recipe_has_made_is_thrown_away(media, tmp_path, change):  # noqa: F811
    generator, work = make_generator(tmp_path / "cache"), tmp_path / "work"
    request = LipSyncRequest(media / "face.mp4", media / "voice3.0.wav", tmp_path / "o.mp4")
    break_off(generator, 74, (request.person, request.voice, request.output), work)
    (work / "leftover").mkdir()
    if change == "voice":
        request = LipSyncRequest(media / "face.mp4", media / "voice0.6.wav", tmp_path / "o.mp4")
    elif change == "face":
        request = LipSyncRequest(request.person, request.voice, request.output, FaceChoice.parse("left"))
    elif change == "encoding":
        generator.encoding = type(generator.encoding)("libx264", "veryfast", 20)
    else:
        generator.engine.weights_id = "others"
    generator.generate(request, lambda _: None, CancelToken(), work)
    assert generator.engine.times_s[0] == 0
    assert names(work) == ["plan.json"]


def test_a_damaged_segment_is_made_again(media, whole, tmp_path):  # noqa: F811
    generator, work = make_generator(tmp_path / "cache"), tmp_path / "work"
    files = media / "face.mp4", media / "voice3.0.wav", tmp_path / "o.mp4"
    break_off(generator, 74, files, work)
    (work / "00001.mp4").write_bytes((work / "00001.mp4").read_bytes()[:-100])
    generate(generator, *files, work_dir=work)
    assert files[2].read_bytes() == whole.read_bytes()


def test_the_record_tells_what_the_output_was_made_of(media, tmp_path):  # noqa: F811
    output = tmp_path / "o.mp4"
    result = generate(make_generator(tmp_path / "cache"), media / "face.mp4", media / "voice0.6.wav", output)
    record = read_sidecar(output)
    assert record is not None and record.to_result(output) == result
    told = json.loads(sidecar_path(output).read_text())
    assert told["recipe"]["person"]["name"] == "face.mp4"
    assert told["recipe"]["person"]["sha256"] == result.input_hashes["person"]
    assert told["recipe"]["weights"] == {"green": "paint", "tracker": "test-3"}
    assert told["recipe"]["encode"] == {"codec": "libx264", "preset": "veryfast", "crf": 10}
    assert told["recipe"]["ffmpeg"].startswith("ffmpeg version")
    assert (told["recipe"]["frame_rate"], told["recipe"]["frame_count"]) == ("25", probe_video(output).frame_count)
    assert set(told["stage_seconds"]) >= {"prepare", "listen", "track", "render"}
    assert datetime.fromisoformat(told["created_at"]).tzinfo is not None


def test_a_file_of_somebody_else_is_not_replaced_by_the_record(media, tmp_path):  # noqa: F811
    (tmp_path / "o.json").write_text('{"mine": 1}')
    for work in (None, tmp_path / "work"):
        with pytest.raises(OutputPathError) as caught:
            generate(
                make_generator(tmp_path / "c"),
                media / "face.mp4",
                media / "voice0.6.wav",
                tmp_path / "o.mp4",
                work_dir=work,
            )
        assert caught.value.context["path"] == tmp_path / "o.json"
    assert (tmp_path / "o.json").read_text() == '{"mine": 1}'


def test_a_disk_that_fills_up_keeps_what_is_finished(media, whole, tmp_path, monkeypatch):  # noqa: F811
    """What is told adds up: all that there is for the job, against all that the job needs."""
    files = media / "face.mp4", media / "voice3.0.wav", tmp_path / "o.mp4"
    generator, work = make_generator(tmp_path / "cache"), tmp_path / "work"

    def fill_up(plan, output, cancel):  # noqa: ARG001 - the signature of join_film
        raise DiskFullError(path=output, free_mb=0, needed_mb=1)

    with monkeypatch.context() as patch, pytest.raises(DiskFullError) as caught:
        patch.setattr("heygem.pipeline.render.join_film", fill_up)
        generate(generator, *files, work_dir=work)
    told = caught.value.context
    assert told["path"] == files[2]
    assert int(str(told["needed_mb"])) > int(str(told["free_mb"])) > 0
    assert [name for name in names(work) if name.startswith("0")] == [f"{number:05d}.mp4" for number in range(4)]
    generator.engine.times_s.clear()
    generate(generator, *files, work_dir=work)
    assert generator.engine.times_s == []
    assert files[2].read_bytes() == whole.read_bytes()


def test_a_twin_that_was_a_moment_faster_keeps_its_output_and_record(media, tmp_path, monkeypatch):  # noqa: F811
    files = media / "face.mp4", media / "voice0.6.wav", tmp_path / "o.mp4"
    twin = generate(make_generator(tmp_path / "cache"), *files)
    made = files[2].read_bytes()
    files[2].unlink()

    def publish_too_late(film, output):  # noqa: ARG001 - the signature of publish
        output.write_bytes(made)
        raise FileExistsError(17, "File exists")

    with monkeypatch.context() as patch, pytest.raises(OutputPathError):
        patch.setattr("heygem.pipeline.sidecar.publish", publish_too_late)
        generate(make_generator(tmp_path / "cache"), *files, work_dir=tmp_path / "work")
    assert files[2].read_bytes() == made
    again = generate(make_generator(tmp_path / "cache"), *files, work_dir=tmp_path / "work")
    assert (again.frame_count, again.input_hashes) == (twin.frame_count, twin.input_hashes)
