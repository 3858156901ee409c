"""Texts as people copy them from netdisks, chats and forums."""

import pytest

from heygem.downloads.pasted import parse_pasted

PAN = "https://pan.example.com/s/1aB_c-9"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"链接: {PAN} 提取码: abcd", [(PAN, "abcd")]),
        (f"链接：{PAN}　提取码：ａｂ１２", [(PAN, "ab12")]),
        (f"链接:{PAN}提取码:abcd复制这段内容后打开网盘手机App，操作更方便哦", [(PAN, "abcd")]),
        (f"通过网盘分享的文件：model.pth\n链接: {PAN}?pwd=k7x2 提取码: k7x2 \n--来自网盘超级会员v5的分享",
         [(f"{PAN}?pwd=k7x2", "k7x2")]),
        (f"{PAN}?pwd=k7x2", [(f"{PAN}?pwd=k7x2", "k7x2")]),
        (f"「model.pth」{PAN}\n提取码：qtJx\n点击链接保存，或者复制本段内容", [(PAN, "qtJx")]),
        ("https://pan.example/web?code=e6vAny（访问码：7slt）", [("https://pan.example/web?code=e6vAny", "7slt")]),
        (f"{PAN}.html提取码:abcd", [(f"{PAN}.html", "abcd")]),
        (f"下载：{PAN} 密码:1234", [(PAN, "1234")]),
        (f"我用网盘分享了「口型模型.zip」，点击链接即可保存。链接：{PAN}", [(PAN, "")]),
        (f"提取码 9xyz，链接 {PAN}。", [(PAN, "9xyz")]),
        (f"【超级会员】分享{PAN}【密码】：p4ss", [(PAN, "p4ss")]),
        (f"{PAN}\r\n访问密码 a1b2", [(PAN, "a1b2")]),
        (f"{PAN} 提取码：无", [(PAN, "")]),
        (f"{PAN} 提取码见评论区", [(PAN, "")]),
        (f"{PAN} 密码是 口令四", [(PAN, "口令四")]),
        ("https：//pan.example.com/s/1aB_c-9 提取码：abcd", [(PAN, "abcd")]),
        ("pan.example.com/s/1aB_c-9 提取码 abcd", [(PAN, "abcd")]),
        (f"Link: {PAN} Password: s3cr!t#9", [(PAN, "s3cr!t#9")]),
        (f"Here you are: <{PAN}>, the access code is Ab12.", [(PAN, "Ab12")]),
        (f"[model]({PAN}) (password: hunter2)", [(PAN, "hunter2")]),
        (f"{PAN}, see you", [(PAN, "")]),
        ("https://host/wiki/Lips_(mouth)", [("https://host/wiki/Lips_(mouth)", "")]),
        ("https://host/模型/口型.pth 提取码：abcd", [("https://host/模型/口型.pth", "abcd")]),
        ("https://host/password/code-1234/model.pth", [("https://host/password/code-1234/model.pth", "")]),
        ("hf://some/lips/a.pth@main", [("hf://some/lips/a.pth@main", "")]),
        ("s3://bucket/a.pth 和 webdavs://ann@host/a.pth 密码：x1",
         [("s3://bucket/a.pth", ""), ("webdavs://ann@host/a.pth", "x1")]),
        (f"1. {PAN}1 提取码: aaaa\n2. {PAN}2 提取码: bbbb\n3. {PAN}3",
         [(f"{PAN}1", "aaaa"), (f"{PAN}2", "bbbb"), (f"{PAN}3", "")]),
        (f"{PAN} {PAN} 提取码: abcd", [(PAN, "abcd")]),
        ("http://[::1/x", [("http://[::1/x", "")]),
        ("写信给 ann@example.com/x，没有链接", []),
        ("提取码: abcd", []),
        ("https://", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_text_names_sources(text: str, found: list[tuple[str, str]]):
    assert [(source.url, source.code) for source in parse_pasted(text)] == found


def test_a_long_text_takes_no_time():
    for text in ("https://" * 20_000, "提取码" * 50_000, "a." * 50_000, "(" * 50_000 + ")" * 50_000, f"{PAN})" * 5_000):
        parse_pasted(text)
