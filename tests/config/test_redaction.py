import pytest

from heygem.config.redaction import redact


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("to postgresql+psycopg://heygem:s3cr3t@db/heygem", "to postgresql+psycopg://***@db/heygem"),
        (
            "GET https://cdn.example/w.bin?X-Amz-Signature=abc&X-Amz-Date=1 failed",
            "GET https://cdn.example/w.bin?*** failed",
        ),
        ("https://example/a#access_token=abc", "https://example/a?***"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer ***"),
        ("sent Bearer abc.def-123 to it", "sent Bearer *** to it"),
        ("webhook_secret='hunter2', port=1", "webhook_secret='***', port=1"),
        ('{"token": "hunter2", "port": 1}', '{"token": "***", "port": 1}'),
        ("dingtalk://SECabc@token/13800138000?to=1 failed", "dingtalk://*** failed"),
        (
            "posted to https://open.feishu.cn/open-apis/bot/v2/hook/abc-1",
            "posted to https://open.feishu.cn/open-apis/bot/v2/hook/***",
        ),
        ("mailtos://ops:hunter2@smtp.qq.com:465", "mailtos://***@smtp.qq.com:465"),
        ("HEYGEM_API__TOKEN=hunter2", "HEYGEM_API__TOKEN=***"),
    ],
)
def test_what_lets_somebody_in_is_hidden(text: str, instead: str):
    assert redact(text) == instead
    assert redact(instead) == instead


@pytest.mark.parametrize(
    "text",
    [
        "worker render-c36c9d68b96a on cpu (pid 3092)",
        "http://127.0.0.1:7860/api/v1/jobs answered 200",
        "下载 https://example/模型.bin 完成",
        "3 tokens were read: a basic job",
        "could not look at 2026-01-01/marketing_季度汇报_v1.mp4: CODE: path=/a",
    ],
)
def test_all_else_stays(text: str):
    assert redact(text) == text
