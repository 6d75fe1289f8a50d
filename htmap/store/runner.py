"""The zip application that travels with each map: htmap's execute side and cloudpickle.

For functions that use htmap on a node where it is not installed, it has a small ``htmap`` in a
folder that only the runner looks into. It needs only ``python3`` on the node. Compiled modules for
this version of Python lie beside the sources, because importing cloudpickle from source costs more
than a short component's own work; other versions read the sources.
"""

from __future__ import annotations

import functools
import io
from pathlib import Path

import htmap.execute
from htmap.store.files import write_whole

# The modules of the stand-in for htmap beside the one that names them.
_OF_STAND_IN = (
    "component_exceptions",
    "exceptions",
    "files",
    *(f"execute/{name}" for name in ("__init__", "carrying", "checkpoints", "places")),
)

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
    modules = {"stand_in/htmap/__init__": here / "stand_in.py"}
    for name in _OF_STAND_IN:
        modules[f"stand_in/htmap/{name}"] = here.parent / f"{name}.py"
    for package, folder in {
        "htmap_node": here,
        "cloudpickle": Path(cloudpickle.__file__).parent,
    }.items():
        modules.update((f"{package}/{path.stem}", path) for path in sorted(folder.glob("*.py")))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:

        def add(name: str, data: bytes, how: int = zipfile.ZIP_STORED) -> None:
            archive.writestr(zipfile.ZipInfo(name, _TIME), data, how)

        add("__main__.py", (here / "start.py").read_bytes())
        for name, source in modules.items():
            # Stored is what most jobs read: they need not inflate it, nor load what does.
            add(f"{name}.py", source.read_bytes(), zipfile.ZIP_DEFLATED)
            if not name.startswith("stand_in/"):
                add(f"{name}.pyc", _compiled(source, f"{name}.py"))
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
