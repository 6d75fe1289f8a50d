"""The htmap command, as tests of it run it: in this process, in another one, or on a terminal."""

import fcntl
import os
import pty
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Sequence

from click.testing import CliRunner, Result

from htmap.cli import cli

COMMAND = [sys.executable, "-m", "htmap"]


def run(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(cli, arguments, input=given)


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *arguments: str, program: Sequence[str] = (), **environment: str) -> None:
        self._master, slave = pty.openpty()
        beside = {"TERM": "xterm-256color", "COLUMNS": "100", **environment}
        self.process = subprocess.Popen(
            [*(program or COMMAND), *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, **beside},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.shown = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                self.shown += os.read(self._master, 4096).decode(errors="replace")
            except OSError:  # nobody is left at the other end
                return

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + 30
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            time.sleep(0.01)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def exit_status(self) -> int:
        status = self.process.wait(timeout=30)
        self._reader.join(timeout=30)
        return status

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
