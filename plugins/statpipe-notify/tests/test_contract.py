"""Each notifier keeps what every notifier promises."""

import pytest

from statpipe.api import Secret
from statpipe.testing import NotifierContract
from statpipe_notify.cloudwatch import Cloudwatch
from statpipe_notify.github import Github
from statpipe_notify.settings import (
    CloudwatchSettings,
    GithubSettings,
    SnsSettings,
    WebhookSettings,
)
from statpipe_notify.sns import Sns
from statpipe_notify.webhook import Webhook


class TestWebhook(NotifierContract):
    @pytest.fixture
    def make_notifier(self, canary):
        return lambda: Webhook(WebhookSettings(url=Secret(f"https://127.0.0.1:9/{canary}")))


class TestGithub(NotifierContract):
    @pytest.fixture
    def make_notifier(self, monkeypatch, tmp_path):
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
        return lambda: Github(GithubSettings())


class InAws(NotifierContract):
    @pytest.fixture(autouse=True)
    def account(self, monkeypatch, canary):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", canary)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


class TestSns(InAws):
    @pytest.fixture
    def make_notifier(self):
        return lambda: Sns(SnsSettings(topic="arn:aws:sns:us-east-1:123456789012:statpipe"))


class TestCloudwatch(InAws):
    @pytest.fixture
    def make_notifier(self):
        settings = CloudwatchSettings(metric=True, log_group="statpipe", region="us-east-1")
        return lambda: Cloudwatch(settings)
