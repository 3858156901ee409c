"""The group robots of DingTalk and WeCom, whose refusals come with HTTP status 200: apprise takes them for success.

https://open.dingtalk.com/document/robots/custom-robot-access and
https://developer.work.weixin.qq.com/document/path/91770 say what is sent and what is answered.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

import httpx
from apprise.common import NotifyType
from apprise.plugins.base import NotifyBase
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.wecombot import NotifyWeComBot

DONE: Final = 0  # as `errcode`


class DingTalkRobot(NotifyDingTalk):
    def send(self, body: str, title: str = "", notify_type: NotifyType = NotifyType.INFO, *_: Any, **__: Any) -> bool:
        """Signed where there is a secret."""
        del notify_type
        content = f"{title}\n{body}" if title else body
        at = {"atMobiles": self.targets, "isAtAll": False}
        params = {}
        if self.secret:
            timestamp, signature = self.get_signature()  # type: ignore[no-untyped-call]  # it comes without types
            params = {"timestamp": timestamp, "sign": unquote(signature)}  # it is quoted on its way, once
        return _ask(self, self.notify_url.format(token=self.token), {"at": at, **_text(content)}, params)


class WeComRobot(NotifyWeComBot):
    def send(self, body: str, title: str = "", notify_type: NotifyType = NotifyType.INFO, *_: Any, **__: Any) -> bool:
        del notify_type
        content = f"{title}\n{body}" if title else body
        return _ask(self, self.notify_url.format(key=self.key), _text(content), {})


def _text(content: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": content}}


def _ask(robot: NotifyBase, url: str, payload: Mapping[str, Any], params: Mapping[str, str]) -> bool:
    """Whether the robot has taken it; why not is logged with apprise, which takes it from there."""
    connect_s, read_s = robot.request_timeout
    try:
        answer = httpx.post(
            httpx.URL(url).copy_merge_params(params),
            json=payload,
            headers={"User-Agent": robot.app_id},
            timeout=httpx.Timeout(read_s, connect=connect_s),
            verify=robot.verify_certificate,
        )
        said = answer.raise_for_status().json()
        code, reason = said["errcode"], said.get("errmsg", "")
    except httpx.HTTPStatusError as error:
        robot.logger.warning("HTTP %d", error.response.status_code)
        return False
    except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
        robot.logger.warning("%s: %s", type(error).__name__, error)
        return False
    if code != DONE:
        robot.logger.warning("refused with errcode %s: %s", code, reason)
    return bool(code == DONE)
