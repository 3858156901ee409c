#!/usr/bin/env bash
# Starts HeyGem in its image. A volume of models (HEYGEM_PATHS__MODELS) gets the weights that the image has: the project's
# own as they are there, since they go with the code; downloaded ones where they are missing.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
shipped=$root/models
models=${HEYGEM_PATHS__MODELS:-$shipped}

is_own() { # NAME: of the project, not downloaded
  case $1 in
    cards/*) true ;;
    */*) false ;;
    *) true ;;
  esac
}

put() { # SOURCE TARGET: whole or not at all, since two containers may share the volume
  local part
  mkdir -p -- "$(dirname -- "$2")"
  part=$(mktemp -- "$(dirname -- "$2")/.new.XXXXXX")
  cp -p -- "$1" "$part" && mv -f -- "$part" "$2" || { rm -f -- "$part" && return 1; }
}

if ! [ "$models" -ef "$shipped" ]; then
  find "$shipped" -type f -print0 | while IFS= read -r -d '' file; do
    target=$models/${file#"$shipped"/}
    if [ ! -e "$target" ] || { is_own "${file#"$shipped"/}" && ! cmp -s -- "$file" "$target"; }; then
      put "$file" "$target"
    fi
  done
fi

exec "$root/.venv/bin/python" "$root/app.py" "$@"
