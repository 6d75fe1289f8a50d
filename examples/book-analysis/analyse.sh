#!/bin/sh
# The analysis from its beginning to its end: analyse.sh [FOLDER]
set -eu
here=$(dirname "$0")

python "$here/submit.py" "${1:-/usr/share/common-licenses}"
htmap wait books
htmap status books
htmap stdout books 0
python "$here/collect.py" books.png
