"""Jupyter in a container: reachable from outside it, and asking for its token as always."""

import os
import subprocess
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir

c = get_config()  # noqa: F821


def end(why):
    """End Jupyter: of any other exception it shows a traceback, and goes on without this file."""
    raise SystemExit(f"ERROR: {why}")


def port(text):
    """Return the port that `text` is the number of."""
    if not text.isdecimal() or int(text) > 65535:
        end(f"JUPYTER_PORT={text!r} is no port: give a number up to 65535")
    return int(text)


def self_signed():
    """Return the file of a certificate and its key, made once and then kept."""
    pem = Path(jupyter_data_dir(), "notebook.pem")
    # Whole or not at all, and never readable by others.
    new = pem.with_suffix(f".{os.getpid()}")
    command = [
        "/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256",
        "-days", "365", "-subj", "/C=XX/ST=XX/L=XX/O=generated/CN=generated",
        "-keyout", new, "-out", new,
    ]  # fmt: skip
    try:
        if not pem.exists():
            pem.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new.touch(mode=0o600)
            subprocess.run(command, check=True, capture_output=True)
            new.rename(pem)
    except (OSError, subprocess.CalledProcessError) as error:
        end(f"GEN_CERT is on, and {pem} cannot be made: {error}")
    return str(pem)


# Every interface, IPv4 and IPv6: what is published is the container engine's decision.
c.ServerApp.ip = ""
c.ServerApp.port = port(os.environ.get("JUPYTER_PORT") or "8888")
c.ServerApp.open_browser = False
# A container has no trash; "deleted" files would fill its disk unseen.
c.FileContentsManager.delete_to_trash = False
# Seconds until a kernel that is shut down and does not end by itself is asked to by a signal (half
# of them) and killed (all): `docker stop` is over in three even with one that does not listen.
c.KernelManager.shutdown_wait_time = 1
# Whoever asked for root by these three, in an engine that itself runs without root, has said so.
asked_for = [os.environ.get(name) for name in ("NB_USER", "NB_UID", "NB_GID")]
if os.getuid() == 0 and asked_for == ["root", "0", "0"]:
    c.ServerApp.allow_root = True
if os.environ.get("GEN_CERT", "").lower() not in ("", "0", "no", "off", "false"):
    c.ServerApp.certfile = self_signed()
