#!/bin/bash
# The start of a container: hooks, the user that the environment asks for, then htc-launch.
#
# It runs up to twice: as the user that the container was started as, and, where that is root, once
# more as the user who was made. It starts nothing by a name that is looked up in the user's PATH, and
# nothing that lies in the user's home, as long as it is root.
# shellcheck source=entrypoint/start/log.sh
source /usr/local/lib/htc/log.sh

(($#)) || set -- bash
if [[ -n ${_start_sh_executed-} || ${1##*/} == start.sh ]]; then
  _log "WARNING: start.sh is the entrypoint and is executed already: leave it out of the command"
  [[ ${1##*/} != start.sh ]] || shift
  (($#)) || set -- bash
  [[ -z ${_start_sh_executed-} ]] || exec "$@"
fi
_command=("$@")

# A sourced hook has ended this shell (`exit`, or `set -e` and a failure): go on after it. What it
# exported is in the environment by now.
_survive() {
  _log "ERROR: $_hook has failed, continuing execution (it ended the shell with exit status $1)"
  PATH=${PATH/"$_system_path"/}
  export _hooks_to_skip="${_hooks_to_skip-}$_hooks_begun" PATH
  exec /usr/local/bin/start.sh "${_command[@]}"
}
_guard_hooks() {
  trap '_survive $?' EXIT
  # Asked to stop, do.
  trap 'trap - EXIT; exit 143' TERM
  trap 'trap - EXIT; exit 130' INT
}

# For root, Debian's own programs come first: the group `users` may write to /opt/htc/bin.
_system_path=
if ((EUID == 0)); then
  _system_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:
  PATH=$_system_path$PATH
fi

if ((EUID == 0)) || [[ -z ${_start_sh_as_user-} ]]; then
  # shellcheck disable=SC2218 # run-hooks.sh, which is also used alone, reads log.sh again
  _log_step "Entered start.sh with args: $*"
  _guard_hooks
  # shellcheck source=entrypoint/bin/run-hooks.sh
  source /usr/local/bin/run-hooks.sh /usr/local/bin/start-notebook.d
  trap - EXIT TERM INT
  if ((EUID == 0)); then
    # shellcheck source=entrypoint/start/as-root.sh
    source /usr/local/lib/htc/as-root.sh
  else
    # shellcheck source=entrypoint/start/as-user.sh
    source /usr/local/lib/htc/as-user.sh
    _say_what_takes_root
    _have_home
    _have_name
  fi
  _guard_hooks
  # shellcheck source=entrypoint/bin/run-hooks.sh
  source /usr/local/bin/run-hooks.sh /usr/local/bin/before-notebook.d
  trap - EXIT TERM INT
  unset _hooks_to_skip

  # Nothing of the user's starts before these are gone, the pool included: jobs see its environment.
  IFS=', ' read -ra _names <<< "${JUPYTER_ENV_VARS_TO_UNSET-}"
  for _name in "${_names[@]}"; do
    _log_step "Unset ${_name@Q} due to JUPYTER_ENV_VARS_TO_UNSET"
    [[ $_name == *=* ]] || _without+=(--unset "$_name")
  done
  PATH=${PATH/"$_system_path"/}
  if ((EUID == 0 && NB_UID != 0)); then
    _log_step "Running as $NB_USER:" "$@"
    _start_sh_as_user=1 exec /usr/bin/env "${_without[@]}" --unset JUPYTER_ENV_VARS_TO_UNSET \
      "${_become_user[@]}" /usr/local/bin/start.sh "$@"
  fi
else
  unset _start_sh_as_user
  # shellcheck source=entrypoint/start/as-user.sh
  source /usr/local/lib/htc/as-user.sh
  _have_home
  _have_name
fi

if [[ ${NB_UMASK-} =~ ^0?[0-7]{1,3}$ ]]; then
  umask "$NB_UMASK"
elif [[ -n ${NB_UMASK-} ]]; then
  _log "WARNING: NB_UMASK=${NB_UMASK@Q} is no octal number like 002: left at $(umask)"
fi
_log_step "Executing the command:" "$@"
_start_sh_executed=1 exec /usr/bin/env "${_without[@]}" --unset JUPYTER_ENV_VARS_TO_UNSET \
  /usr/local/bin/htc-launch "$@"
