"""What the tests change of the example's Hub: who may log in, and how soon it notices things."""

import os

c = get_config()  # noqa: F821
load_subconfig("/etc/jupyterhub/" + os.environ["HUB_CONFIG"])  # noqa: F821

# One of JupyterHub's own: any name, one password.
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["TEST_PASSWORD"]
c.Authenticator.allow_all = True

# A proxy is asked every second who was active, not every five minutes.
c.JupyterHub.last_activity_interval = 1

# The tests' own way in, beside the browser.
c.JupyterHub.services.append({"name": "tests", "api_token": os.environ["TEST_API_TOKEN"]})
c.JupyterHub.load_roles.append(
    {"name": "tests", "scopes": ["admin:users", "admin:servers"], "services": ["tests"]}
)
