#!/bin/bash
# Start a command as theirs does: as root, by sudo as the user, with the environment and the path.
set -e
if [[ $(id -u) == 0 ]]; then
  exec sudo --preserve-env --set-home --user "$NB_USER" PATH="$PATH" "$@"
fi
exec "$@"
