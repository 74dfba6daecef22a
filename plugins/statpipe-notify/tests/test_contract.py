"""Each notifier keeps what every notifier promises."""

import re

import boto3
import pytest
from moto import mock_aws
from moto.sns import sns_backends

from statpipe.api import Secret
from statpipe.testing import LocalAgency, NotifierContract
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
    def chat(self):
        with LocalAgency() as chat:
            chat.answer_with(lambda _: b"ok")
            yield chat

    @pytest.fixture
    def make_notifier(self, chat, canary):
        return lambda: Webhook(WebhookSettings(url=Secret(f"{chat.url}/{canary}")))

    @pytest.fixture
    def received(self, chat):
        return lambda: [request.body.decode() for request in chat.requests]


class TestGithub(NotifierContract):
    silent_on = frozenset()  # a job summary is looked at by those who want to know

    @pytest.fixture
    def make_notifier(self, monkeypatch, tmp_path):
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
        return lambda: Github(GithubSettings())

    @pytest.fixture
    def received(self, make_notifier, tmp_path):
        summary = tmp_path / "summary.md"
        summary.touch()
        return lambda: re.findall(r"^.*\bagency\b.*\bprod\b.*$", summary.read_text(), re.MULTILINE)


class InAws(NotifierContract):
    @pytest.fixture(autouse=True)
    def account(self, monkeypatch, canary):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", canary)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


class TestSns(InAws):
    @pytest.fixture
    def topic(self):
        with mock_aws():
            yield boto3.client("sns").create_topic(Name="statpipe")["TopicArn"]

    @pytest.fixture
    def make_notifier(self, topic):
        return lambda: Sns(SnsSettings(topic=topic))

    @pytest.fixture
    def received(self, topic):
        sent = sns_backends[topic.split(":")[4]]["us-east-1"].topics[topic].sent_notifications
        return lambda: [f"{subject} {text}" for _, text, subject, *_ in sent]


class TestCloudwatch(InAws):
    @pytest.fixture
    def make_notifier(self):
        settings = CloudwatchSettings(metric=True, log_group="statpipe", region="us-east-1")
        return lambda: Cloudwatch(settings)
