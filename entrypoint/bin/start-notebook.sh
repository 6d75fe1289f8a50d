#!/bin/bash
# What start-notebook.py was called before.
echo "WARNING: Use start-notebook.py instead" >&2
exec /usr/local/bin/start-notebook.py "$@"
