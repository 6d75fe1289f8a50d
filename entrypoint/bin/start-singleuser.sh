#!/bin/bash
# What start-singleuser.py was called before.
echo "WARNING: Use start-singleuser.py instead" >&2
exec /usr/local/bin/start-singleuser.py "$@"
