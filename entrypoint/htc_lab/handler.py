"""``/htc/pool``: the pool's state as JSON, to whoever has the server's token."""

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web


class PoolHandler(APIHandler):
    """Tells the pool's state."""

    auth_resource = "htc-pool"
    # A window that is left open is nobody at work: a Hub stops servers by that.
    _track_activity = False

    def initialize(self, look):
        """Take what looks at the pool, one for all windows."""
        self.look = look

    @web.authenticated
    @authorized
    async def get(self):
        """Answer with what :meth:`htc_lab.pool_state.Look.latest` returns."""
        self.finish(await self.look.latest())
