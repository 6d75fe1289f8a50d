# shellcheck shell=bash
# What start.sh, its parts and hooks say: on standard error, for standard output is the command's.

# Say one thing. Errors and warnings are always said; the rest, which is what was changed, unless
# JUPYTER_DOCKER_STACKS_QUIET is on.
_log() {
  local colour=
  case $* in
    ERROR:*) colour=31 ;;
    WARNING:*) colour=33 ;;
    *) [[ -z ${JUPYTER_DOCKER_STACKS_QUIET-} ]] || _is_off "$JUPYTER_DOCKER_STACKS_QUIET" || return 0 ;;
  esac
  if [[ -n $colour && -t 2 && -z ${NO_COLOR-} ]]; then
    printf '\e[%sm%s\e[0m\n' "$colour" "$*" >&2
  else
    printf '%s\n' "$*" >&2
  fi
}

# Say a step that changes nothing: only where somebody set JUPYTER_DOCKER_STACKS_QUIET to `no`. By
# default a command in a container has standard error to itself as long as all is well.
_log_step() {
  ! _is_off "${JUPYTER_DOCKER_STACKS_QUIET-}" || _log "$@"
}

# Say what is wrong and end the start.
_fail() {
  _log "ERROR: $*"
  exit 1
}

_is_off() {
  [[ ${1,,} =~ ^(0|no|off|false)$ ]]
}

# More is asked for a right than not to be off.
_is_yes() {
  [[ ${1,,} =~ ^(1|yes|on|true)$ ]]
}
