"""What arrives where, with true servers in place of the others', and that no address is shown."""

import base64
import hashlib
import hmac
import logging
import re
import socket
import sys
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import pytest
from apprise.common import NotifyType
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot

from heygem.config.settings import ROOT, Settings, load_settings
from heygem.domain.errors import AlertTargetError, SettingsError
from heygem.maintenance.alerts import targets
from heygem.maintenance.alerts.targets import Target, list_targets, send_test
from tests.web_receiver import WebReceiver

TITLE: Final = "HeyGem（剪辑一号）：磁盘空间偏少"
BODY: Final = "“/数据/outputs”所在磁盘已用 82%，剩余 120.5 GB。\n请删除不需要的视频 <立即>。"
SECRET: Final = "SECf00dcafe0123456789"
TOKEN: Final = "t0ken0123456789abcdef"


def one(url: str) -> Target:
    [target] = list_targets([url], None)
    return target


def send(url: str) -> str | None:
    return one(url).send(TITLE, BODY, NotifyType.WARNING)


def test_a_mail_arrives_in_chinese(mailbox: Any):
    assert send(mailbox.url) is None
    [mail] = mailbox.mails
    assert mail["Subject"] == TITLE
    assert mailbox.recipients == [["ops@example.cn"]] and "heygem@example.cn" in mail["From"]
    text = mail.get_body(("plain",))
    assert text is not None and text.get_content().strip().splitlines() == BODY.splitlines()


@pytest.mark.parametrize("fault", ["password", "refused", "away"])
def test_a_mail_that_does_not_arrive_is_told_without_its_password(mailbox: Any, fault: str):
    url = mailbox.url
    if fault == "password":
        url = url.replace("p4ssword", "wr0ngword")
    elif fault == "refused":
        mailbox.refuses = True
    else:
        url = re.sub(r":\d+\?", ":1?", url)
    reason = send(url)
    assert reason is not None and mailbox.mails == []
    words = {"password": "535", "refused": "451", "away": "Connection"}
    assert words[fault] in reason
    assert "word-of-ops" not in reason and "example.cn" not in reason


def test_a_mail_goes_by_tls_to_a_server_that_is_vouched_for_alone(tls_mailbox: Any):
    url = tls_mailbox.url.replace("mailto:", "mailtos:") + "&mode=ssl"
    reason = send(url)
    assert reason is not None and "CERTIFICATE_VERIFY_FAILED" in reason and tls_mailbox.mails == []
    assert send(f"{url}&verify=no") is None
    assert [mail["Subject"] for mail in tls_mailbox.mails] == [TITLE]


def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(targets, "TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        began = time.monotonic()
        reason = send(f"mailto://ops:{TOKEN}@127.0.0.1:{mute.getsockname()[1]}?from=a@example.cn&to=b@example.cn")
        assert time.monotonic() - began < 5
    assert reason is not None and "did not finish" in reason


def test_a_webhook_gets_json(receiver: WebReceiver):
    url = f"json://{receiver.address}/hook/{TOKEN}?+X-Key={SECRET}"
    assert send(url) is None
    [request] = receiver.seen
    assert request.path == f"/hook/{TOKEN}" and request.headers["X-Key"] == SECRET
    assert request.headers["Content-Type"] == "application/json"
    assert request.body == {"version": "1.0", "title": TITLE, "message": BODY, "attachments": [], "type": "warning"}
    receiver.status = 503
    reason = send(url)
    assert reason is not None and "503" in reason and TOKEN not in reason and SECRET not in reason


def test_dingtalk_is_signed_as_it_asks(receiver: WebReceiver, monkeypatch: pytest.MonkeyPatch):
    """HmacSHA256 of time, line feed and secret by that secret, in base64, quoted once."""
    address = f"http://{receiver.address}/robot/send?access_token={{token}}"
    monkeypatch.setattr(NotifyDingTalk, "notify_url", address)
    receiver.answer = b'{"errcode":0,"errmsg":"ok"}'
    assert send(f"dingtalk://{SECRET}@{TOKEN}/13800138000") is None
    [request] = receiver.seen
    query = parse_qs(request.query)
    assert query["access_token"] == [TOKEN]
    [time_ms], [sign] = query["timestamp"], query["sign"]
    expected = hmac.new(SECRET.encode(), f"{time_ms}\n{SECRET}".encode(), hashlib.sha256).digest()
    assert base64.b64decode(sign, validate=True) == expected
    assert request.body["msgtype"] == "text" and request.body["at"]["atMobiles"] == ["13800138000"]
    assert request.body["text"]["content"] == f"{TITLE}\n{BODY}"
    receiver.answer = '{"errcode":310000,"errmsg":"关键词不匹配"}'.encode()
    reason = send(f"dingtalk://{TOKEN}")
    assert reason is not None and "310000" in reason and "关键词不匹配" in reason
    assert receiver.seen[-1].query == f"access_token={TOKEN}"


@pytest.mark.parametrize(
    "url", [f"wecombot://{TOKEN}", f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={TOKEN}"]
)
def test_wecom_refuses_with_status_200(receiver: WebReceiver, monkeypatch: pytest.MonkeyPatch, url: str):
    monkeypatch.setattr(NotifyWeComBot, "notify_url", f"http://{receiver.address}/webhook/send?key={{key}}")
    receiver.answer = b'{"errcode":0,"errmsg":"ok"}'
    assert send(url) is None
    [request] = receiver.seen
    assert (request.path, request.query) == ("/webhook/send", f"key={TOKEN}")
    assert request.body["msgtype"] == "text"
    assert request.body["text"]["content"].splitlines() == [TITLE, *BODY.splitlines()]
    for answer, word in (
        (b'{"errcode":93000,"errmsg":"invalid webhook url"}', "93000"),
        (b"<html>", "JSON"),
        (b"[]", ""),
    ):
        receiver.answer = answer
        reason = send(url)
        assert reason is not None and word in reason and TOKEN not in reason
    receiver.status = 502
    reason = send(url)
    assert reason is not None and "502" in reason and TOKEN not in reason


def test_feishu_takes_it_and_refuses_with_status_200(receiver: WebReceiver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(NotifyFeishu, "notify_url", f"http://{receiver.address}/hook/{{token}}/")
    receiver.answer = b'{"code":0,"msg":"success"}'
    assert send(f"feishu://{TOKEN}") is None
    [request] = receiver.seen
    assert request.path == f"/hook/{TOKEN}/"
    assert request.body == {"msg_type": "text", "content": {"text": f"{TITLE}\r\n{BODY}"}}
    receiver.answer = b'{"code":19024,"msg":"Key Words Not Found"}'
    reason = send(f"feishu://{TOKEN}")
    assert reason is not None and "19024" in reason


def test_all_are_told_at_once_and_each_says_for_itself(mailbox: Any, receiver: WebReceiver):
    receiver.status = 404
    both = list_targets([mailbox.url, f"json://{receiver.address}"], None)
    mail, hook = send_test(both, TITLE, BODY)
    assert mail is None and hook is not None and "404" in hook
    assert send_test([], TITLE, BODY) == []


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"mailtos://ops%40qq.com:{TOKEN}@smtp.qq.com:465?mode=ssl&from=ops@qq.com", "mailtos://smtp.qq.com:465"),
        (f"jsons://ops:{TOKEN}@hooks.example.cn/{SECRET}", "jsons://hooks.example.cn"),
        (f"dingtalk://{SECRET}@{TOKEN}", "dingtalk://…"),
        (f"wecombot://{TOKEN}", "wecombot://…"),
        (f"feishu://{TOKEN}", "feishu://…"),
        (f"lark://{TOKEN}", "lark://…"),
        (f"slack://{TOKEN[:9]}/{TOKEN[:9]}/{TOKEN}abc", "slack://…"),
    ],
)
def test_no_more_is_shown_than_kind_and_server(url: str, name: str):
    target = one(url)
    assert target.name == name
    assert TOKEN not in repr(target) and SECRET not in repr(target)
    assert target.hide(f"x {TOKEN} {SECRET} y").count("***") >= 1
    assert TOKEN not in target.hide(url)


@pytest.mark.parametrize(
    "url", [f"dingtalk://{TOKEN}!bad token", f"nonsense {TOKEN}", f"https://example.cn/{TOKEN}", f"mailtos://{TOKEN}"]
)
def test_a_bad_address_is_told_by_its_place_alone(url: str, capfd: pytest.CaptureFixture[str]):
    everything = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(everything)
    try:
        with pytest.raises(AlertTargetError) as caught:
            list_targets(["json://example.cn", url], None)
    finally:
        logging.getLogger().removeHandler(everything)
    assert caught.value.context == {"place": "alerts.urls", "number": 2}
    assert TOKEN not in str(caught.value) + "".join(capfd.readouterr())


def test_a_file_has_an_address_a_line(tmp_path: Path):
    path = tmp_path / "targets"
    path.write_text("\ufeff# 值班\njson://a.example.cn\n\n  json://b.example.cn  \njson://a.example.cn\n", "utf-8")
    found = list_targets(["jsons://c.example.cn"], path)
    assert [target.name for target in found] == ["jsons://c.example.cn", "json://a.example.cn", "json://b.example.cn"]
    path.write_text("json://a.example.cn\n\nnonsense\n")
    with pytest.raises(AlertTargetError) as caught:
        list_targets([], path)
    assert caught.value.context == {"place": str(path), "number": 3}
    with pytest.raises(SettingsError) as missing:
        list_targets([], tmp_path / "none")
    assert missing.value.context["setting"] == "alerts.urls_file"


def test_the_documented_addresses_are_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    text = (ROOT / "docs" / "alerts.md").read_text("utf-8")
    [example] = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "heygem.toml").write_text(example, "utf-8")
    monkeypatch.setitem(Settings.model_config, "toml_file", tmp_path / "heygem.toml")
    rules = load_settings().alerts
    found = list_targets(rules.urls, None)
    kinds = ["mailtos", "mailtos", "mailto", "dingtalk", "wecombot", "wecombot", "feishu", "lark", "jsons"]
    assert [target.name.partition(":")[0] for target in found] == kinds
    services: list[Any] = [target.service for target in found]
    company, qq, relay = services[:3]
    server = (company.smtp_host, company.port, company.secure_mode, company.user, company.password)
    assert server == ("smtp.exmail.qq.com", 465, "ssl", "heygem@example.cn", "code")
    assert [address for _, address in company.targets] == ["ops@example.cn", "it@example.cn"]
    assert (qq.smtp_host, qq.user) == ("smtp.qq.com", "123456@qq.com")
    assert (relay.smtp_host, relay.port, relay.secure_mode) == ("mail.lan", 25, "insecure")


@pytest.mark.parametrize("value", [f"dingtalk://{TOKEN}", f'"dingtalk://{TOKEN}"'])
def test_an_address_that_is_no_list_is_not_quoted(value: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HEYGEM_ALERTS__URLS", value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    error: BaseException | None = caught.value
    while error is not None:
        assert TOKEN not in str(error)
        error = error.__cause__
