"""The list of a batch before it starts, as HTML."""

from pathlib import Path

from heygem.config.strings import Translator
from heygem.domain.errors import NoFaceError
from heygem.domain.inspection import Inspection, MediaKind
from heygem.domain.job import FaceChoice, FaceRule
from heygem.domain.queue import DraftItem
from heygem.web.batch_table import draft_head, draft_rows, plan_line, preview_card

ZH, EN = Translator("zh"), Translator("en")
SEEN = Inspection(
    MediaKind.PERSON, duration_s=8, width=1920, height=1080, frame_rate=25, face_share=0.986, faces=2,
    thumbnail=b"jpeg", warnings=("several_faces",),
)  # fmt: skip
HEARD = Inspection(MediaKind.VOICE, duration_s=75, level_db=-22.7, silent_share=0.2)
PERSON = DraftItem("p", MediaKind.PERSON, Path("<b>.mp4"), inspection=SEEN)
VOICE = DraftItem("v", MediaKind.VOICE, Path("v.wav"), inspection=HEARD)
BROKEN = DraftItem("x", MediaKind.PERSON, Path("x.mp4"), error=NoFaceError(Path("x.mp4")))
UNSEEN = DraftItem("u", MediaKind.PERSON, Path("u.mp4"))
ITEMS = [PERSON, VOICE, BROKEN, UNSEEN]


def test_voices_come_first_and_each_kind_has_its_heading() -> None:
    rows = draft_rows(ITEMS, ZH)
    assert [row.key for row in rows] == ["voice", "v", "person", "p", "x", "u"]
    assert "语音 · 1" in rows[0].html
    assert "人物 · 3" in rows[2].html
    assert draft_rows([], ZH) == []


def test_a_row_shows_what_was_found() -> None:
    html = {row.key: row.html for row in draft_rows(ITEMS, ZH)}
    assert "<b>.mp4" not in html["p"] and "&lt;b&gt;.mp4" in html["p"]
    for text in ("8.0 秒", "1920×1080", "人脸 98%", "2 张脸", "请留意", "data:image/jpeg;base64,anBlZw=="):
        assert text in html["p"]
    assert "1:15" in html["v"] and "可用" in html["v"]
    assert "不能使用" in html["x"] and "[FACE_NOT_FOUND]" in html["x"]
    assert "检查中" in html["u"] and "<img" not in html["u"]


def test_a_row_of_a_table_shows_what_it_says() -> None:
    row = DraftItem("c", MediaKind.PERSON, Path("c.mp4"), "片头", FaceChoice(FaceRule.LEFT), "秋", Path("own.wav"))
    html = draft_rows([row], ZH)[1].html
    for text in ("语音：own.wav", "命名：片头", "项目：秋", "人脸：left"):
        assert text in html


def test_the_plan_counts_videos_and_files_of_no_use() -> None:
    assert plan_line([VOICE], ZH) == ""
    assert "将生成 1 个视频<" in plan_line([VOICE, PERSON], ZH)
    assert "Videos to make: 3; files of no use: 1" in plan_line(ITEMS, EN)


def test_an_empty_list_cannot_be_cleared() -> None:
    assert 'data-action="clear"' in draft_head(ITEMS, ZH)
    assert draft_head([], ZH).count("disabled") == draft_head(ITEMS, ZH).count("disabled") + 1


def test_the_preview_plays_the_file_and_tells_all_facts() -> None:
    card = preview_card(PERSON, ZH, "file=b.mp4")
    for text in ('<video data-part="p"', "25 帧/秒", "98%", "poster=", "请确认选对了说话的那一张"):
        assert text in card
    assert "-23 dBFS" in preview_card(VOICE, ZH, "") and "<audio" in preview_card(VOICE, ZH, "")
    assert "[FACE_NOT_FOUND]" in preview_card(BROKEN, ZH, "")
    assert "点击列表里的文件" in preview_card(None, ZH, "")
