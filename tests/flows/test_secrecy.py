"""Secrets in settings are names of environment variables, or refused without being repeated."""

import pytest

from flows.config import ClusterConfig, validate

RAW = {"dataset": "a.zarr", "cluster": {"hardware": "kubernetes"}}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"env": {"AWS_SECRET_ACCESS_KEY": "hunter2"}}, "AWS_SECRET_ACCESS_KEY"),
        ({"connect_options": [{"password": "hunter2"}]}, "password"),
        ({"connect_options": {"passphrase": "a$hunter2"}}, "passphrase"),
        ({"connect_options": {"password": 5}}, "password"),
        ({"env": {"PGPASS": "hunter2"}}, "PGPASS"),
        ({"env": {"DB": "postgres://me:hunter2@there/db"}}, "DB"),
        ({"env": {"AUTHORIZATION": "Bearer hunter2"}}, "AUTHORIZATION"),
        ({"env": [{"name": "S3_TOKEN", "value": "hunter2"}]}, "S3_TOKEN"),
        ({"worker_extra_args": ["--token", "hunter2"]}, "--token"),
        ({"worker_extra_args": ["--api-key hunter2"]}, "--api-key"),
        ({"job_script_prologue": ["export S3_TOKEN='hunter2'"]}, "S3_TOKEN"),
    ],
)
def test_a_secret_is_refused_and_not_repeated(options, named):
    with pytest.raises(ValueError, match=f"{named} is a secret.*environment variable") as refused:
        validate(RAW | {"cluster": {"hardware": "kubernetes", "options": options}}, "x")
    assert "hunter2" not in str(refused.value)


def test_secrets_come_from_the_environment(monkeypatch):
    options = {
        "env": {
            "AWS_SECRET_ACCESS_KEY": "$THE_KEY",
            "HOME": "$HOME",
            "GOOGLE_APPLICATION_CREDENTIALS": "/k.json",
        },
        "job_script_prologue": [
            "export AWS_SECRET_ACCESS_KEY=$THE_KEY",
            "tokens = $(ls)",
            "TOKEN=`cat f`",
            "T_TOKEN=${X}",
        ],
        "job_extra_directives": ["--comment='no secret here'", "--token-file /run/token", "-A token pool"],
        "worker_extra_args": ["--nthreads", "2"],
        "n_workers": 2,
        "imagePullSecrets": ["regcred"],
    }
    config = ClusterConfig(hardware="kubernetes", options=options)
    assert config.model_dump()["options"] == options
    with pytest.raises(ValueError, match="THE_KEY, which is not set"):
        _ = config.filled
    monkeypatch.setenv("THE_KEY", "hunter2")
    pods = ClusterConfig(
        options={"env": [{"name": "A_TOKEN", "value": "$THE_KEY"}], "args": ["--token", "$THE_KEY"]}
    )
    assert pods.filled == {"env": [{"name": "A_TOKEN", "value": "hunter2"}], "args": ["--token", "hunter2"]}
    assert config.filled == options | {"env": options["env"] | {"AWS_SECRET_ACCESS_KEY": "hunter2"}}
