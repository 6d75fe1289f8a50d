# shellcheck shell=bash
# Sourced by start.sh as the user of the container, who may be anybody: a home and a name.

# shellcheck source=entrypoint/start/names.sh
source /usr/local/lib/htc/names.sh

# Name the settings that do nothing here.
_say_what_takes_root() {
  local name value
  if id -un > /dev/null 2>&1; then
    [[ ${NB_USER:-jovyan} == jovyan || $NB_USER == "$(id -un)" ]] || _takes_root NB_USER
  fi
  [[ ${NB_UID:-1000} == 1000 || $NB_UID == "$EUID" ]] || _takes_root NB_UID
  [[ ${NB_GID:-100} == 100 || $NB_GID == "$(id -g)" ]] || _takes_root NB_GID
  [[ -z ${NB_GROUP-} ]] || _takes_root NB_GROUP
  [[ -z ${CHOWN_EXTRA-} ]] || _takes_root CHOWN_EXTRA
  for name in CHOWN_HOME GRANT_SUDO; do
    value=${!name-}
    ! _is_yes "$value" || _takes_root "$name"
  done
}

_takes_root() {
  _log "WARNING: $1=${!1@Q} does nothing: the container must be started as root (--user root) for it"
}

# Have a home that can be written, or everything that keeps a file there fails later and less clearly.
_have_home() {
  local old=${HOME:-/} new=/tmp/htc-home-$EUID what
  [[ -d $old && -w $old && -x $old ]] && return
  mkdir -m 700 "$new" 2> /dev/null
  if [[ ! -O $new || ! -d $new || -L $new ]] && ! new=$(mktemp -d /tmp/htc-home.XXXXXX 2> /dev/null); then
    _log "WARNING: neither $old nor /tmp can be written: mount a volume or tmpfs that user $EUID can write"
    return
  fi
  if [[ $(findmnt --noheadings --output OPTIONS --target "$old" 2> /dev/null) =~ (^|,)ro(,|$) ]]; then
    what="mount a volume or tmpfs over it that they can write"
  elif [[ " $(id -G) " == *" 100 "* ]]; then
    what="make what is mounted there theirs, or start the container as root with CHOWN_HOME=yes"
  else
    what="start the container with group users (--group-add users), or as root with CHOWN_HOME=yes"
  fi
  _log "WARNING: no write access to $old for user $(id -u):$(id -g): home is $new, which ends with the" \
    "container. To keep files, $what"
  export HOME=$new
  if [[ $PWD/ == "$old"/* ]]; then
    cd "$new" || true
  fi
}

# Have a name: HTCondor's daemons end at once without one.
_have_name() {
  id -un > /dev/null 2>&1 || _name_user "$EUID" "$(id -g)"
  USER=$(id -un 2> /dev/null)
  export USER LOGNAME=$USER
}
