# shellcheck shell=bash
# What start.sh, its parts and hooks say: on standard error, for standard output is the command's.

# Say one thing. Errors and warnings are always said; the rest, which is what was changed, unless
# JUPYTER_DOCKER_STACKS_QUIET is set.
_log() {
  local colour=
  case $* in
    ERROR:*) colour=31 ;;
    WARNING:*) colour=33 ;;
    *) [[ -z ${JUPYTER_DOCKER_STACKS_QUIET-} ]] || return 0 ;;
  esac
  if [[ -n $colour && -t 2 && -z ${NO_COLOR-} ]]; then
    printf '\e[%sm%s\e[0m\n' "$colour" "$*" >&2
  else
    printf '%s\n' "$*" >&2
  fi
}

# Say a step that changes nothing: only where JUPYTER_DOCKER_STACKS_QUIET is set, to nothing. By
# default a command in a container has standard error to itself as long as all is well.
_log_step() {
  [[ ! -v JUPYTER_DOCKER_STACKS_QUIET ]] || _log "$@"
}

# Say what is wrong and end the start.
_fail() {
  _log "ERROR: $*"
  exit 1
}

# Whether a switch is on: GRANT_SUDO, CHOWN_HOME.
_is_yes() {
  [[ $1 == yes || $1 == 1 ]]
}
