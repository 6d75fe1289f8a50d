"""The values file for Kubernetes, as far as KubeSpawner itself can tell without a cluster."""

import asyncio

import kubespawner.spawner
import pytest
import yaml
from hubs import EXAMPLE
from kubernetes_asyncio.client import ApiClient
from kubespawner import KubeSpawner
from traitlets.config import Config

VALUES = yaml.safe_load((EXAMPLE / "values.yaml").read_text())
SINGLEUSER = VALUES["singleuser"]
#: What the chart makes of its own settings, as far as they are used here, for KubeSpawner.
PASSED_THROUGH = {
    "uid": SINGLEUSER["uid"], "fs_gid": SINGLEUSER["fsGid"], "cmd": [],
    "cpu_limit": SINGLEUSER["cpu"]["limit"], "cpu_guarantee": SINGLEUSER["cpu"]["guarantee"],
    "mem_limit": SINGLEUSER["memory"]["limit"], "mem_guarantee": SINGLEUSER["memory"]["guarantee"],
    "image": "{name}:{tag}".format(**SINGLEUSER["image"]),
    "volumes": SINGLEUSER["storage"]["extraVolumes"],
    "volume_mounts": SINGLEUSER["storage"]["extraVolumeMounts"],
    "profile_list": SINGLEUSER["profileList"],
}  # fmt: skip


async def pod_of(profile):
    """Return a spawner for whom a profile was chosen, and the pod that it asks Kubernetes for."""
    settings = {**PASSED_THROUGH, **VALUES["hub"]["config"]["KubeSpawner"]}
    assert settings.keys() <= KubeSpawner.class_traits(config=True).keys()
    spawner = KubeSpawner(config=Config(KubeSpawner=settings), _mock=True)
    spawner.user_options = {"profile": profile}
    await spawner.load_user_options()
    async with ApiClient() as client:
        return spawner, client.sanitize_for_serialization(await spawner.get_pod_manifest())


@pytest.mark.parametrize("profile", ["personal", "site"])
def test_a_pod_on_kubernetes_has_what_its_pool_needs(profile, monkeypatch):
    # There is no cluster, and a manifest is made without asking one.
    monkeypatch.setattr(kubespawner.spawner, "load_config", lambda **_: None)
    monkeypatch.setattr(kubespawner.spawner, "shared_client", lambda _: None)
    spawner, pod = asyncio.run(pod_of(profile))
    assert spawner.delete_grace_period == 10

    (notebook,) = pod["spec"]["containers"]
    context = notebook["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"]) == (1000, 100)
    assert pod["spec"]["securityContext"]["fsGroup"] == 100
    # The image's own entrypoint and command.
    assert not notebook.get("command")
    assert not notebook.get("args")

    environment = {each["name"]: each.get("value") for each in notebook["env"]}
    assert (environment["CPU_LIMIT"], environment["MEM_LIMIT"]) == ("2.0", str(4 << 30))
    attached = environment.keys() & {"_CONDOR_SCHEDD_HOST", "_CONDOR_COLLECTOR_HOST"}
    assert len(attached) == (2 if profile == "site" else 0)

    (token,), (mount,) = pod["spec"]["volumes"], notebook["volumeMounts"]
    assert mount == {"name": token["name"], "mountPath": "/etc/htc/tokens", "readOnly": True}
    # Of this user, and of nobody else.
    assert token["secret"]["secretName"] == spawner._expand_user_properties("htc-token-{username}")
    assert token["secret"]["optional"] is True
