"""What this project adds to JupyterLab, at the server's side: the pool's state, and the tutorials.

The page's side is ``lab/``. Jupyter finds this by ``/etc/jupyter/jupyter_server_config.d``.
"""

import os


def _jupyter_server_extension_points():
    return [{"module": "htc_lab"}]


def _load_jupyter_server_extension(serverapp):
    from jupyter_server.utils import url_path_join

    from htc_lab import pool_state
    from htc_lab.handler import PoolHandler

    settings = serverapp.web_app.settings
    look = pool_state.Look(os.environ)
    # What the page knows from its first moment on, so that it asks for nothing that is not there.
    known = settings.setdefault("page_config_data", {})
    if look.mode != "none":
        known["htcPoolSeconds"] = str(look.seconds)
    if first := first_tutorial(os.path.expanduser("~/tutorials"), serverapp.root_dir):
        known["htcTutorial"] = first
    place = url_path_join(settings["base_url"], "htc", "pool")
    serverapp.web_app.add_handlers(".*$", [(place, PoolHandler, {"look": look})])


def first_tutorial(folder, root):
    """Return the path of the first tutorial as JupyterLab names it, or "" if there is none.

    Parameters
    ----------
    folder : str
        Where the tutorials are.
    root : str
        The directory that JupyterLab shows.
    """
    try:
        notebooks = sorted(name for name in os.listdir(folder) if name.endswith(".ipynb"))
    except OSError:
        return ""
    inside = os.path.relpath(folder, os.path.expanduser(root))
    if not notebooks or inside.startswith(".."):
        return ""
    return os.path.normpath(os.path.join(inside, notebooks[0]))
