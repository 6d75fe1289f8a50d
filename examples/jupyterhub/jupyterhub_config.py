"""A JupyterHub that gives everybody these images, with a pool of their own or with the site's.

It stands beside compose.yaml, which sets the variables below. Nobody can log in until an
authenticator is configured: see the end.
"""

import os
import sys

from tornado.web import HTTPError

c = get_config()  # noqa: F821

# What containers and volumes of this Hub begin with, and the Docker network that they are on.
NAME = os.environ.get("HUB_NAME", "htc-hub")
NETWORK = os.environ.get("HUB_NETWORK", NAME)
# The site's access point and collector. Without them there are only pools of one's own.
ACCESS_POINT = os.environ.get("SITE_ACCESS_POINT", "")
COLLECTOR = os.environ.get("SITE_COLLECTOR", "")
# Of the Docker host: a directory for each user who may use the site, with that user's token.
TOKENS = os.environ.get("SITE_TOKENS", "/srv/htc/tokens")

# What attaches a container to the site (docs/containers.md): these, and the user's own token.
SITE = {"_CONDOR_SCHEDD_HOST": ACCESS_POINT, "_CONDOR_COLLECTOR_HOST": COLLECTOR}
TOKEN = {
    "type": "bind",
    "source": os.path.join(TOKENS, "{raw_username}"),
    "target": "/etc/htc/tokens",
    "read_only": True,
}

# --- Containers.
c.JupyterHub.spawner_class = "docker"
c.DockerSpawner.image = os.environ.get("HUB_IMAGE", "htcondor/htc-base-notebook:latest")
c.DockerSpawner.prefix = NAME
c.DockerSpawner.network_name = NETWORK
c.DockerSpawner.use_internal_ip = True
# A container is made anew at each start, with today's image and token. What is to last is in the
# home: notebooks, maps, and the queue of the user's own pool.
c.DockerSpawner.remove = True
c.DockerSpawner.volumes = {"{prefix}-home-{username}": "/home/jovyan"}
# The pool in the container offers no more than this to its jobs, less the notebook's part.
c.DockerSpawner.cpu_limit = 2
c.DockerSpawner.mem_limit = "4G"
# Neither JupyterLab nor a pool takes any privilege.
c.DockerSpawner.extra_host_config = {"cap_drop": ["ALL"], "security_opt": ["no-new-privileges"]}
# Beside the one server without a name, a user may have named ones. They share the home.
c.JupyterHub.allow_named_servers = True
c.JupyterHub.named_server_limit_per_user = 3


def pool_dir(spawner):
    """Give each of a user's servers a queue of its own: two pools cannot have the same one."""
    server = spawner.template_namespace()["servername"]
    return "/home/jovyan/.local/state/htc-pool" + (f"-{server}" if server else "")


c.DockerSpawner.environment = {"HTC_POOL_DIR": pool_dir}

# --- Which pool: the user chooses when a server starts.
POOLS = {"personal": "A pool of your own, in your container"}
if ACCESS_POINT:
    POOLS["site"] = f"The site's pool, through {ACCESS_POINT}"
CHOICE = """
<label class="d-block">
  <input type="radio" name="pool" value="{pool}" {checked}> {text}
</label>
"""


def options_form(spawner):
    """Ask for the pool where there is a choice, with the last one as the default."""
    if len(POOLS) == 1:
        return ""
    last = spawner.user_options.get("pool", "personal")
    return "".join(
        CHOICE.format(pool=pool, text=text, checked="checked" if pool == last else "")
        for pool, text in POOLS.items()
    )


def apply_user_options(spawner, options):
    """Attach the container to the site with its user's token, or leave it to itself."""
    pool, user = options.get("pool", "personal"), spawner.user.name
    if pool not in POOLS:
        raise HTTPError(400, f"There is no pool {pool!r} here: choose one of {', '.join(POOLS)}.")
    # Only what is in the directory is a name: no ".." leads out of it.
    if pool == "site" and user not in os.listdir(TOKENS):
        raise HTTPError(
            403,
            f"{user} has no token for {ACCESS_POINT}: ask whoever looks after this Hub, who puts "
            f"one into {TOKENS}/{user}.",
        )
    others = {name: value for name, value in spawner.environment.items() if name not in SITE}
    spawner.environment = {**others, **(SITE if pool == "site" else {})}
    spawner.mounts = [TOKEN] if pool == "site" else []


c.Spawner.options_form = options_form
c.Spawner.options_from_form = "simple"
c.Spawner.apply_user_options = apply_user_options

# --- Servers that nobody uses are stopped. An open page is use, a running job is none: a pool of
# one's own stops with its server and goes on with its queue when that is started again; jobs at
# the site go on meanwhile.
CULL_AFTER = int(os.environ.get("HUB_CULL_AFTER", 4 * 60 * 60))
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={CULL_AFTER}"],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    }
]

# --- The Hub itself. Users' servers go on while it is restarted or upgraded.
c.JupyterHub.cleanup_servers = False
c.JupyterHub.hub_ip = "0.0.0.0"
# Its name on the network: that of the service in compose.yaml.
c.JupyterHub.hub_connect_ip = "hub"
c.JupyterHub.db_url = "sqlite:////srv/jupyterhub/jupyterhub.sqlite"
# Gone with the container's processes: the number in it may be another process's next time.
c.ConfigurableHTTPProxy.pid_file = "/run/jupyterhub-proxy.pid"

# --- Who may log in. JupyterHub's default asks for the passwords of this container's own users, and
# there are none. Choose an authenticator (https://jupyterhub.readthedocs.io, "Authenticators"),
# whose package goes into an image made `FROM` this one, and say whom it lets in:
# c.JupyterHub.authenticator_class = "generic-oauth"
# c.Authenticator.allowed_users = {"alice", "bob"}
# c.Authenticator.admin_users = {"alice"}
