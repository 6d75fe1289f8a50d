"""What runs on the execute node: the standard library and cloudpickle, nothing else.

This package travels with each map inside one zip application (:mod:`htmap.store.runner`) under
the name ``htmap_node``. It runs on Python 3.9 or newer and must not import the rest of htmap,
which is why its modules import each other relatively.
"""
