#!/opt/htc/bin/python3 -I
"""Become JupyterLab, or JupyterHub's single-user server where a hub started this container."""

import os
import sys

hub = os.environ.get("JUPYTERHUB_API_TOKEN")
command = ["jupyterhub-singleuser"] if hub else ["jupyter", "lab"]
os.execvp(command[0], [*command, *sys.argv[1:]])
