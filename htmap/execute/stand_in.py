"""The ``htmap`` of a node that has none: what a function may call there, and nothing else."""

from typing import Any

from htmap import exceptions
from htmap.execute.carrying import transfer_output_files
from htmap.execute.checkpoints import checkpoint
from htmap.files import TransferPath

__all__ = ["TransferPath", "checkpoint", "exceptions", "transfer_output_files"]


def __getattr__(name: str) -> Any:
    raise AttributeError(
        f"there is no htmap.{name} on this execute node: htmap is not installed here, and the part "
        f"that travels with a job has {', '.join(__all__)}"
    )
