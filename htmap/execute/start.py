"""The ``__main__`` of the zip application that travels with each map.

Written so that any Python 3 can read it: one that is too old says so instead of dying of syntax.
"""

import sys

if __name__ == "__main__":
    if sys.version_info < (3, 9):
        open(sys.argv[3], "wb").close()  # nothing ran that has more to say
        sys.exit(
            "htmap needs Python 3.9 or newer on the execute node; %s is %s"
            % (sys.executable, sys.version.split()[0])
        )
    from htmap_node.runner import leave, main  # type: ignore[import-not-found]  # in the zip only

    leave(main(sys.argv[1:]))
