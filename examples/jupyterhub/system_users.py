"""The same Hub for people who have accounts: each server runs as its user, in that user's home.

    HUB_CONFIG=system_users.py docker compose up

The Hub must know their numbers: mount the host's /etc/passwd and /etc/group into its container,
read-only (compose.yaml), or have an authenticator that puts user_id and group_id into the
spawner's state.
"""

import os

c = get_config()  # noqa: F821
load_subconfig("/etc/jupyterhub/jupyterhub_config.py")  # noqa: F821

c.JupyterHub.spawner_class = "dockerspawner.SystemUserSpawner"
# Where homes are on the host, and in the container.
HOMES = os.environ.get("HUB_HOMES", "/home")
c.SystemUserSpawner.host_homedir_format_string = HOMES + "/{username}"
c.SystemUserSpawner.image_homedir_format_string = "/home/{username}"
# As root, the image's start makes the user that NB_USER, NB_UID and NB_GID ask for, and becomes it.
c.SystemUserSpawner.run_as_root = True
c.DockerSpawner.extra_host_config["cap_add"] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "SETGID",
    "SETUID",
]

# Homes are often on a network, where no queue is safe (docs/containers.md, "State"): it gets a
# volume of this host. A new volume is root's, and CHOWN_EXTRA gives it away.
c.DockerSpawner.volumes = {"{prefix}-pool-{username}": "/var/lib/htc-pool"}


def pool_dir(spawner):
    """Give each of a user's servers a queue of its own."""
    return "/var/lib/htc-pool/" + (spawner.template_namespace()["servername"] or "default")


c.DockerSpawner.environment = {"HTC_POOL_DIR": pool_dir, "CHOWN_EXTRA": "/var/lib/htc-pool"}
