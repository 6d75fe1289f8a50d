# shellcheck shell=bash
# Sourced by start.sh as root: make the user that NB_USER, NB_UID, NB_GID and NB_GROUP ask for, with a
# home. What it leaves: HOME, USER, LOGNAME, the working directory, and how to become that user in
# _become_user.
#
# Whatever cannot be done as asked ends the start, for a container with another user than the one asked
# for would write files of the wrong owner; what cannot be chowned is told and passed over.

_image_user=jovyan
_image_home=/home/$_image_user
NB_USER=${NB_USER:-$_image_user} NB_UID=${NB_UID:-1000} NB_GID=${NB_GID:-100}
export NB_USER NB_UID NB_GID

_check_settings() {
  local name key value
  for name in NB_UID NB_GID; do
    [[ ${!name} =~ ^(0|[1-9][0-9]{0,9})$ && ${!name} -lt 4294967295 ]] ||
      _fail "$name=${!name@Q} is no number of a user or group: give one like 1000"
  done
  for name in NB_USER NB_GROUP; do
    [[ ${!name-} =~ ^([A-Za-z_][A-Za-z0-9_.-]{0,31})?$ ]] ||
      _fail "$name=${!name@Q} is no name that a user or group can have: give up to 32 letters, digits" \
        "and . _ - that begin with a letter"
  done
  while read -r key value; do
    [[ $key != CapEff: ]] || _capabilities=0x$value
  done < /proc/self/status
  if [[ $NB_USER == root || $NB_UID == 0 ]]; then
    # Where the engine itself runs without root, its user is root in here.
    [[ $NB_USER:$NB_UID:$NB_GID == root:0:0 ]] ||
      _fail "NB_USER=$NB_USER NB_UID=$NB_UID NB_GID=$NB_GID: to stay root takes NB_USER=root," \
        "NB_UID=0 and NB_GID=0; to become $_image_user, leave all three out"
    return
  fi
  (((_capabilities & 0xc0) == 0xc0)) ||
    _fail "started as root without the capabilities SETUID and SETGID, which becoming $NB_USER takes:" \
      "add them, or start the container as its user (--user $NB_UID:$NB_GID)"
}

# Print the words of a command that failed on one line, and fail too.
_told() {
  local words
  words=$("$@" 2>&1) || {
    words=${words//$'\n'/; }
    _log "WARNING: ${1##*/}: ${words#*: }"
    return 1
  }
}

_make_group() {
  local found group
  if found=$(getent group "$NB_GID"); then
    [[ -z ${NB_GROUP-} || $NB_GROUP == "${found%%:*}" ]] ||
      _log "WARNING: NB_GROUP=$NB_GROUP: group $NB_GID is called ${found%%:*} in this image and stays so"
    return
  fi
  group=${NB_GROUP:-$NB_USER}
  if found=$(getent group "$group"); then
    [[ -z ${NB_GROUP-} ]] ||
      _fail "NB_GROUP=$NB_GROUP is group $(cut -d: -f3 <<< "$found") in this image, not $NB_GID:" \
        "give another name, or leave it out"
    group=group$NB_GID
  fi
  _told groupadd --gid "$NB_GID" "$group" || _fail "no group $group ($NB_GID)"
}

_make_user() {
  local found name _ uid gid home
  if IFS=: read -r name _ uid gid _ home _ < <(getent passwd "$NB_USER"); then
    # As the image has it, or made when this container was started before.
    [[ $uid:$gid:$home != "$NB_UID:$NB_GID:$HOME" ]] || return 0
    [[ $NB_USER == "$_image_user" || $uid == "$NB_UID" ]] ||
      _fail "NB_USER=$NB_USER is user $uid in this image, not $NB_UID: choose another name"
  fi
  if found=$(getent passwd "$NB_UID"); then
    name=${found%%:*}
    [[ $name == "$NB_USER" || $name == "$_image_user" ]] ||
      _fail "NB_UID=$NB_UID is $name in this image, not $NB_USER: choose another uid (1000 and" \
        "above are free)"
  fi
  if [[ ! -w /etc/passwd ]]; then
    # The machine's own, mounted here, may have the user with another group or home.
    [[ $uid != "$NB_UID" ]] || return 0
    _log "WARNING: /etc/passwd cannot be written: no user $NB_USER with UID $NB_UID and GID $NB_GID" \
      "in it"
    [[ -n $found ]] || _name_user "$NB_UID" "$NB_GID"
    return
  fi
  ((NB_UID == 0 || (_capabilities & 0xb) == 0xb)) ||
    _fail "user $NB_USER with UID $NB_UID and GID $NB_GID takes the capabilities CHOWN, DAC_OVERRIDE and" \
      "FOWNER as well: add them, or leave the user as it is"
  _make_group
  _log "The user is $NB_USER with UID $NB_UID and GID $NB_GID"
  # Not usermod, which would give all that is in the home a new owner, volumes included, and refuses
  # to touch root, whose processes run.
  if [[ $uid == "$NB_UID" && $gid == "$NB_GID" ]]; then
    _told sed --in-place "s|^\($NB_USER:.*\):[^:]*:\([^:]*\)\$|\1:$HOME:\2|" /etc/passwd
    return
  fi
  for name in "$NB_USER" "$_image_user"; do
    ! getent passwd "$name" > /dev/null || _told userdel --force "$name"
  done
  _told useradd --badname --no-log-init --no-create-home --home-dir "$HOME" --shell /bin/bash \
    --uid "$NB_UID" --gid "$NB_GID" --no-user-group --groups users "$NB_USER" ||
    _fail "no user $NB_USER ($NB_UID)"
}

_choose_how_to_become_user() {
  local group groups
  # `users` may write to /opt/htc; what the engine was told to add stays, but for root's group.
  read -ra groups <<< "$NB_GID 100 $(id -G) $(id -G "$NB_USER" 2> /dev/null)"
  local -A chosen
  for group in "${groups[@]}"; do
    ((group == 0)) || chosen[$group]=1
  done
  groups=("${!chosen[@]}")
  _become_user=(
    /usr/bin/setpriv --reuid "$NB_UID" --regid "$NB_GID" --groups "$(IFS=, && echo "${groups[*]}")" --
  )
}

_make_home() {
  local owner skeleton=$_image_home
  if mountpoint --quiet "$HOME"; then
    # Whose it is and what is in it is not for a start to change, unless CHOWN_HOME says so.
    return
  fi
  owner=$(stat --format %u:%g "$HOME" 2> /dev/null)
  if [[ ! -d $HOME || ($owner == 0:* && $HOME == /home/* && $NB_UID != 0) ]]; then
    # Missing, or made by the engine for `--workdir` or for a volume inside.
    if [[ $HOME == "$_image_home" ]] || mountpoint --quiet "$_image_home"; then
      skeleton=/etc/skel
    fi
    if [[ $HOME != "$_image_home" && $skeleton == /etc/skel ]]; then
      _log "WARNING: what is mounted at $_image_home is not in the home of $NB_USER: mount it at $HOME"
    fi
    _log "Making $HOME from $skeleton"
    _told mkdir -p "$HOME" && _told chown "$NB_UID:$NB_GID" "$HOME" || return
    # As the user, and without what is mounted in there; nothing is taken away from the old place.
    _told "${_become_user[@]}" \
      cp --archive --no-preserve=ownership --one-file-system --update=none "$skeleton/." "$HOME/"
  elif [[ $HOME == "$_image_home" && $owner != "$NB_UID:$NB_GID" && -w $HOME ]]; then
    # The image's own, made for its own user.
    _told find "$HOME" -xdev -user "${owner%:*}" \
      -exec chown --no-dereference "$NB_UID:$NB_GID" {} +
  fi
}

# Give away the directories $2... as the options $1 say.
_chown() {
  local options directory
  read -ra options <<< "$1"
  for directory in "${@:2}"; do
    _log "Ensuring $directory is owned by $NB_UID:$NB_GID${1:+ (chown options: $1)}"
    _told chown "${options[@]}" "$NB_UID:$NB_GID" "$directory"
  done
}

_grant_sudo() {
  local file=/etc/sudoers.d/added-by-start-sh path=${_system_path-}
  if _is_yes "${GRANT_SUDO-}"; then
    _log "Granting $NB_USER passwordless sudo rights"
    # shellcheck disable=SC2016
    _told sh -c 'umask 337 && printf "%s\n" "#$1 ALL=(ALL:ALL) NOPASSWD: ALL" \
      "Defaults:#$1 secure_path=\"/opt/htc/bin:$2\"" > "$3.new" && mv -f "$3.new" "$3"' \
      - "$NB_UID" "${path%:}" "$file"
  else
    # Of an earlier start in a container that was committed.
    [[ ! -e $file ]] || _told rm -f "$file"
  fi
}

# shellcheck source=entrypoint/start/names.sh
source /usr/local/lib/htc/names.sh
_own_names
_check_settings
_old_home=$HOME
# A spawner that mounts homes elsewhere says where.
[[ $HOME == /* && $HOME != "$_image_home" && $HOME != / ]] || HOME=/home/$NB_USER
[[ ! $HOME =~ [:|\&\\[:cntrl:]] ]] || _fail "HOME=${HOME@Q} is no path that /etc/passwd can hold"
_make_user
_choose_how_to_become_user
_make_home
if _is_yes "${CHOWN_HOME-}"; then
  _chown "${CHOWN_HOME_OPTS-}" "$HOME"
fi
IFS=, read -ra _extra <<< "${CHOWN_EXTRA-}"
_chown "${CHOWN_EXTRA_OPTS-}" "${_extra[@]}"
_grant_sudo
export HOME USER=$NB_USER LOGNAME=$NB_USER
if [[ $PWD/ == "$_old_home"/* && $HOME != "$_old_home" ]]; then
  cd "$HOME/${PWD:${#_old_home}}" 2> /dev/null || cd "$HOME" || cd /
fi
