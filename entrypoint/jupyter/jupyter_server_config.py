"""Jupyter in a container: reachable from outside it, and asking for its token as always."""

c = get_config()  # noqa: F821

# Every interface, IPv4 and IPv6: what is published is the container engine's decision.
c.ServerApp.ip = ""
c.ServerApp.port = 8888
c.ServerApp.open_browser = False
# A container has no trash; "deleted" files would fill its disk unseen.
c.FileContentsManager.delete_to_trash = False
# Seconds until a kernel that is shut down and does not end by itself is asked to by a signal (half
# of them) and killed (all): `docker stop` is over in three even with one that does not listen.
c.KernelManager.shutdown_wait_time = 2
