"""The zip application that travels with each map: htmap's execute side and cloudpickle.

It needs only ``python3`` on the node. Compiled modules for this version of Python lie beside the
sources, because importing cloudpickle from source costs more than a short component's own work.
"""

from __future__ import annotations

import functools
import io
from pathlib import Path

import htmap.execute
from htmap.store.files import write_whole

# A fixed time, so that the same contents are the same file.
_TIME = (2020, 1, 1, 0, 0, 0)


def runner_path(root: Path) -> Path:
    """Return the path of this htmap's runner, made on first use and shared by maps."""
    import hashlib

    digest = hashlib.sha256(_contents()).hexdigest()[:16]
    path = root / "runners" / f"{digest}.pyz"
    if not path.exists():
        write_whole(path, _contents())
    return path


@functools.cache
def _contents() -> bytes:
    import zipfile

    import cloudpickle

    here = Path(htmap.execute.__file__).parent
    packages = {"htmap_node": here, "cloudpickle": Path(cloudpickle.__file__).parent}
    buffer = io.BytesIO()
    # Stored, not deflated: saves importing zlib's machinery and inflating at each job's start.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:

        def add(name: str, data: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, _TIME), data)

        add("__main__.py", (here / "start.py").read_bytes())
        for package, folder in packages.items():
            for source in sorted(folder.glob("*.py")):
                add(f"{package}/{source.name}", source.read_bytes())
                add(f"{package}/{source.stem}.pyc", _compiled(source, f"{package}/{source.name}"))
    return buffer.getvalue()


def _compiled(source: Path, name: str) -> bytes:
    import py_compile
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder) / "module.pyc"
        py_compile.compile(
            str(source),
            str(compiled),
            dfile=name,
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        return compiled.read_bytes()
