# shellcheck shell=bash
# Names for users whom /etc/passwd does not know. Debian's C library also reads
# /var/lib/extrausers/passwd, which is a link to this file, and ignores uids below 500 in it: whoever
# writes it can name themselves, and give nobody any right.
_names=/tmp/htc-passwd

# Make the file root's before anybody else can make it.
_own_names() {
  [[ -O $_names && -f $_names && ! -L $_names ]] && return
  rm -rf "$_names"
  (umask 022 && set -o noclobber && : > "$_names")
} 2> /dev/null

# Give user $1 in group $2 the name NB_USER, or, where that is taken, one made of the number.
_name_user() {
  local name=${NB_USER:-jovyan} new why
  if [[ ! $name =~ ^[A-Za-z_][A-Za-z0-9_.-]{0,31}$ ]] || getent passwd "$name" > /dev/null; then
    name=user$1
  fi
  if (($1 < 500)); then
    why="it can get one only from 500 up"
  elif [[ -e $_names && ! -O $_names || -L $_names ]]; then
    why="$_names is another user's. Remove it, or give this container a /tmp of its own"
  elif new=$(umask 077 && mktemp "$_names.XXXXXX" 2> /dev/null) &&
    printf '%s:x:%s:%s::%s:%s\n' "$name" "$1" "$2" "$HOME" /bin/bash > "$new" &&
    chmod 644 "$new" && mv -fT "$new" "$_names"; then
    _log_step "User $1 is called $name"
    return
  else
    why="/tmp cannot be written (a tmpfs on it is enough)"
  fi
  _log "WARNING: user $1 has no name, which the pool needs: $why"
}
