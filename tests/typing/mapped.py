"""What type checkers and editors know of mapped functions; mypy reads it, nothing runs it."""

from collections.abc import Iterator
from typing import Any

from typing_extensions import assert_type

import htmap


@htmap.mapped
def bare(x: int, name: str = "") -> list[str]:
    """Do something with parameters of two types."""
    return [name] * x


@htmap.mapped(map_options=htmap.MapOptions(request_cpus=2))
def with_options(x: float) -> float:
    """Do something with options."""
    return x


assert_type(bare(1, name="a"), list[str])
assert_type(with_options(1.5), float)
assert_type(bare.map([1, 2]), htmap.Map)
assert_type(bare.map([1, 2])[0], Any)
assert_type(iter(bare.map([1])), Iterator[Any])
bare("one")  # type: ignore[arg-type] # mypy knows the parameters
