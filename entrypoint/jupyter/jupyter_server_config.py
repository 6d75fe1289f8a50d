"""Jupyter in a container: reachable from outside it, and asking for its token as always."""

import os
import subprocess
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir

c = get_config()  # noqa: F821

# Every interface, IPv4 and IPv6: what is published is the container engine's decision.
c.ServerApp.ip = ""
c.ServerApp.port = int(os.environ.get("JUPYTER_PORT") or 8888)
c.ServerApp.open_browser = False
# A container has no trash; "deleted" files would fill its disk unseen.
c.FileContentsManager.delete_to_trash = False
# Seconds until a kernel that is shut down and does not end by itself is asked to by a signal (half
# of them) and killed (all): `docker stop` is over in three even with one that does not listen.
c.KernelManager.shutdown_wait_time = 1
# Whoever asked for root by these three, in an engine that itself runs without root, has said so.
if os.getuid() == 0 and [os.environ.get(f"NB_{n}") for n in ("USER", "UID", "GID")] == [
    "root",
    "0",
    "0",
]:
    c.ServerApp.allow_root = True


def self_signed() -> str:
    """Return the file of a certificate and its key, made once and then kept."""
    pem = Path(jupyter_data_dir(), "notebook.pem")
    if not pem.exists():
        pem.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whole or not at all, and never readable by others.
        new = pem.with_suffix(f".{os.getpid()}")
        new.touch(mode=0o600)
        subprocess.run(
            ["/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256",
             "-days", "365", "-subj", "/C=XX/ST=XX/L=XX/O=generated/CN=generated",
             "-keyout", new, "-out", new],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        new.rename(pem)
    return str(pem)


if os.environ.get("GEN_CERT", "").lower() not in ("", "0", "no", "off", "false"):
    c.ServerApp.certfile = self_signed()
