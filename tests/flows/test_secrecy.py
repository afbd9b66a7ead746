"""Secrets in settings are names of environment variables, or rejected without being repeated."""

import pytest

from pylops_distributed.ingest import ingest
from pylops_distributed.storage.object_store import open_storage
from pylops_flows.settings.pipeline import ClusterConfig, validate

PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----\n"
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
        ({"job_script_prologue": ["export GITHUB_PAT=hunter2"]}, "GITHUB_PAT"),
        ({"env": {"DB_PWD": "hunter2"}}, "DB_PWD"),
        ({"env": {"pwd": "hunter2"}}, "pwd"),
        ({"env": {"PASSWD": "hunter2"}}, "PASSWD"),
        ({"env": {"AZURE_STORAGE_KEY": "hunter2"}}, "AZURE_STORAGE_KEY"),
        ({"env": {"AWS_CREDS": "hunter2"}}, "AWS_CREDS"),
        ({"env": {"DB_CREDENTIALS": "me:hunter2"}}, "DB_CREDENTIALS"),
        ({"env": {"VAULT_SECRET_ID": "hunter2"}}, "VAULT_SECRET_ID"),
        ({"env": {"storageKey": "hunter2"}}, "storageKey"),
        ({"connect_options": {"private_key": "hunter2"}}, "private_key"),
        ({"connect_options": {"private_key": b"hunter2"}}, "private_key"),
        ({"connect_options": {"client_keys": ["hunter2"]}}, "client_keys"),
        ({"connect_options": {"client_keys": [PEM]}}, "client_keys"),
        ({"env": {"WHATEVER": PEM}}, "WHATEVER"),
        ({"env": {"WHATEVER": "ghp_hunter2" + "a" * 30}}, "WHATEVER"),
        ({"env": {"NOTIFY": "https://hooks.slack.com/services/T0/B0/hunter2"}}, "NOTIFY"),
        ({"env": {"ghp_hunter2" + "a" * 30: "x"}}, "env"),
        ({"env": {"CONNECTION": "AccountName=me;AccountKey=hunter2"}}, "CONNECTION"),
        ({"env": {"URL": "https://there/?a=1&access_token=hunter2"}}, "access_token"),
        ({"env": {"URL": "https://there/?X-Amz-Signature=hunter2"}}, "X-Amz-Signature"),
        ({"env": {"URL": "https://there/?sig=hunter2"}}, "sig"),
        ({"env": {"AWS_SESSION": "hunter2"}}, "AWS_SESSION"),
        ({"env": {"AWS_SESSION_TOKEN": "hunter2"}}, "AWS_SESSION_TOKEN"),
        ({"env": {"AZURE_STORAGE_SAS": "hunter2"}}, "AZURE_STORAGE_SAS"),
        ({"env": {"URL": "https://there/?a=1&X-Amz-Security-Token=hunter2"}}, "X-Amz-Security-Token"),
        ({"worker_extra_args": ["-H", "x-amz-security-token: hunter2"]}, "x-amz-security-token"),
        ({"job_extra_directives": ["--export=ALL,AWS_SESSION_TOKEN=hunter2"]}, "AWS_SESSION_TOKEN"),
        ({"a": {"b": [{"c": "curl -H 'Authorization: Bearer hunter2'"}]}}, "c"),
    ],
)
def test_a_secret_is_rejected_and_not_repeated(options, named):
    with pytest.raises(ValueError, match=f"{named} is a secret.*environment variable") as info:
        validate(RAW | {"cluster": {"hardware": "kubernetes", "options": options}}, "x")
    assert "hunter2" not in str(info.value)


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


ADDRESSES = (
    "s3://AKIA:hunter2@bucket/x", "s3://AKIA:hun/ter2hunter2@bucket", "s3://AKIA%3Ahunter2@bucket",
    "https://me:hunter2@there/x", "s3://bucket/x?token=hunter2", "az://box/x?sv=2024&sig=hunter2",
    "https://there.blob.core.windows.net/x?se=2030-01-01&sp=r&sig=hunter2%2F%3D", "s3://b/x?AWS_SESSION=hunter2", "s3://bucket/x?X-Amz-Signature=hunter2",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_with_a_secret_is_rejected_wherever_it_stands(address, tmp_path):
    for raw in (
        {"root": address},
        {"dataset": address},
        {"run": address},
        {"sources": {"d": {"path": address}}},
    ):
        with pytest.raises(ValueError, match=r"is a secret.*environment variable") as info:
            validate({"dataset": "a.zarr"} | raw, "x")
        assert "hunter2" not in str(info.value)
    for use in (open_storage, lambda url: ingest(url, str(tmp_path / "out.zarr"))):
        with pytest.raises(ValueError, match="AWS_SECRET_ACCESS_KEY") as info:
            use(address)
        assert "hunter2" not in str(info.value)
    assert not [*tmp_path.iterdir()]


def test_secrets_outside_of_the_cluster_and_of_wrong_kinds_are_not_repeated():
    for raw in (
        {"problem": {"name": "poststack", "password": "hunter2"}},
        {"password": "hunter2"},
        {"root": {"password": "hunter2"}},
        {"sources": {"d": {"path": "a", "options": {"token": "hunter2"}}}},
    ):
        with pytest.raises(ValueError, match="is a secret") as info:
            validate({"dataset": "a.zarr"} | raw, "x")
        assert "hunter2" not in str(info.value)  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        {
            "env": {
                "PWD": "/home/me",
                "OLDPWD": "/",
                "AWS_ACCESS_KEY_ID": "AKIAX",
                "KEYS": "3",
                "SORT_KEY": "name",
                "AWS_ROLE_SESSION_NAME": "me",
                "SAS_HOME": "/opt/sas",
            }
        },
        {"connect_options": {"client_keys": ["/home/me/.ssh/id", "~/.ssh/id"], "known_hosts": None}},
        {
            "job_script_prologue": [
                "cd $PWD",
                "module load gcc/12",
                "source ~/env/bin/activate",
                "export N=1",
                "echo Token: $T",
            ]
        },
        {
            "env": {
                "URL": "http://host:8080/x@v2",
                "OTHER": "https://there/?version=2",
                "S": "tcp://10.0.0.1:8786",
            }
        },
        {"env": [{"name": "K", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]},
    ],
)
def test_what_only_looks_like_one(options):
    assert validate(RAW | {"cluster": {"hardware": "kubernetes", "options": options}}, "x")
    for root in ("s3://bucket/x", "/data/key=5/a", "file:///a b/c", "s3://bucket/a@b"):
        assert validate({"dataset": "a", "root": root}, "x")
