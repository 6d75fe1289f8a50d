"""The memory and disk that jobs ask for, by each of the names that HTCondor and htmap give them."""

from __future__ import annotations

import dataclasses
import operator

from htmap.exceptions import InvalidMapOption
from htmap.options import ResolvedOptions

# HTCondor's own numbers have 64 bits.
_LARGEST = 2**63 - 1


@dataclasses.dataclass(frozen=True)
class Resource:
    """Something that a machine has and a job asks for.

    See ``request_memory`` and ``request_disk`` in the manual's section "Submit Description File
    Commands".

    Attributes
    ----------
    name : str
        As it is in the names of attributes.
    unit : str
        What a number without a unit counts.
    """

    name: str
    unit: str

    @property
    def command(self) -> str:
        """The submit command that asks for it."""
        return f"request_{self.name.lower()}"

    @property
    def attribute(self) -> str:
        """The attribute of a job that asks for it."""
        return f"Request{self.name}"

    @property
    def mark(self) -> str:
        """The attribute that tells a personal pool that nobody chose how much is asked for."""
        return f"HTMapDefault{self.name}"

    @property
    def spellings(self) -> frozenset[str]:
        """All map options that ask for it."""
        name = self.name.lower()
        return frozenset({self.command, f"request{name}", f"MY.request{name}"})

    def amount(self, value: object) -> int:
        """Return how much is asked for, if that can be asked for.

        Raises
        ------
        InvalidMapOption
            If it is no whole number above 0.

        Examples
        --------
        >>> MEMORY.amount(2048)
        2048
        >>> MEMORY.amount("2GB")
        Traceback (most recent call last):
            ...
        htmap.exceptions.InvalidMapOption: the memory ... is '2GB'...
        """
        try:
            number = operator.index(value)  # type: ignore[arg-type]
        except TypeError:
            number = 0
        if isinstance(value, bool) or not 0 < number <= _LARGEST:
            raise InvalidMapOption(
                f"the {self.name.lower()} that a job asks for is {value!r}: it has to be a whole "
                f"number of {self.unit} above 0"
            )
        return number

    def replaced(self, options: ResolvedOptions, amount: str) -> ResolvedOptions:
        """Return options that ask every job for this much."""
        others = self.spellings | {f"MY.{self.mark.lower()}"}
        fixed = {key: value for key, value in options.fixed.items() if key not in others}
        return dataclasses.replace(
            options,
            fixed={**fixed, self.command: amount},
            per_component={k: v for k, v in options.per_component.items() if k not in others},
        )


MEMORY = Resource("Memory", "MB")
DISK = Resource("Disk", "KB")
RESOURCES = (MEMORY, DISK)
