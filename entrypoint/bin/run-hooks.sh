#!/bin/bash
# Run what is in a directory, in the order of the names: source run-hooks.sh DIRECTORY
#
# `*.sh` is sourced, so that the command gets what it exports; other executables are run; anything
# else is left alone. One that fails is told, and the next is run.
# shellcheck source=entrypoint/start/log.sh
source /usr/local/lib/htc/log.sh

if (($# != 1)); then
  _log "ERROR: Should pass exactly one directory"
  # shellcheck disable=SC2317 # reached where this is run and not sourced
  return 1 2> /dev/null || exit 1
fi
if [[ ! -d $1 ]]; then
  _log "ERROR: Directory $1 doesn't exist or is not a directory"
  # shellcheck disable=SC2317
  return 1 2> /dev/null || exit 1
fi

_hooks_directory=$1
_hooks_begun=
_log_step "Running hooks in: $_hooks_directory as uid: $(id -u) gid: $(id -g)"
for _hook in "$_hooks_directory"/*; do
  # The name of an empty directory's files is the pattern itself.
  [[ -e $_hook ]] || continue
  # start.sh goes on here after a hook that ended the shell.
  [[ ${_hooks_to_skip-}: != *":$_hook:"* ]] || continue
  _hooks_begun+=:$_hook
  if [[ $_hook == *.sh ]]; then
    _log "Sourcing shell script: $_hook"
    # `set -e` of one hook is not the next one's, nor start.sh's.
    _shell_options=$(set +o)
    # shellcheck source=/dev/null
    source "$_hook"
    {
      _hook_status=$?
      eval "$_shell_options"
    } 2> /dev/null # after `set -x`
  elif [[ -x $_hook && ! -d $_hook ]]; then
    _log "Running executable: $_hook"
    "$_hook"
    _hook_status=$?
  else
    _log "Ignoring non-executable: $_hook"
    continue
  fi
  ((_hook_status == 0)) ||
    _log "ERROR: $_hook has failed, continuing execution (exit status $_hook_status)"
done
_log_step "Done running hooks in: $_hooks_directory"
