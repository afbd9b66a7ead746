"""Kubernetes: the resource that is handed to the operator."""

import pytest
import yaml

from pylops_distributed.clusters.kubernetes import manifest

pytest.importorskip("dask_kubernetes", reason="needs pip install 'pylops-distributed[cluster]'")


def test_the_manifest_asks_for_what_the_settings_say():
    resources = {"limits": {"cpu": "4", "memory": "16Gi"}}
    spec = manifest(
        3, 4, name="survey", image="registry.example.org/inversion:1", resources=resources, env={"A": "b"}
    )
    spec = yaml.safe_load(yaml.safe_dump(spec))  # plain values: what kubectl takes
    assert (spec["apiVersion"], spec["kind"]) == ("kubernetes.dask.org/v1", "DaskCluster")
    assert spec["metadata"]["name"] == "survey"
    assert spec["spec"]["worker"]["replicas"] == 3
    for part in ("worker", "scheduler"):
        (container,) = spec["spec"][part]["spec"]["containers"]
        assert container["image"] == "registry.example.org/inversion:1"
        assert container["resources"] == resources
        assert container["env"] == [{"name": "A", "value": "b"}]
        assert container["args"][:2] == ["dask", "worker"] if part == "worker" else ["dask", "scheduler"]
    (worker,) = spec["spec"]["worker"]["spec"]["containers"]
    assert worker["args"][2:4] == ["--nthreads", "4"]
    assert manifest(None, None, name="survey")["spec"]["worker"]["replicas"] == 1
