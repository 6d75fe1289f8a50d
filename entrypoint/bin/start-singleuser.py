#!/opt/htc/bin/python3 -I
"""Become JupyterHub's single-user server."""

import os
import shlex
import sys

try:
    more = shlex.split(os.environ.get("NOTEBOOK_ARGS", ""))
except ValueError as error:
    sys.exit(f"ERROR: NOTEBOOK_ARGS cannot be read as a shell would: {error}")
os.execvp("jupyterhub-singleuser", ["jupyterhub-singleuser", *more, *sys.argv[1:]])
