#!/usr/bin/env bash
# Starts HeyGem: the first time it makes .venv and installs requirements.txt there, then it hands over to app.py.
#
#   bash start_app.sh [--host H] [--port P] [--output-dir D] [--model-path D]     the page
#   bash start_app.sh generate --video V --audio A                                one job on the shell
#   bash start_app.sh demo | doctor | --help
#   bash start_app.sh models                                                      downloads models: .venv/bin/ai-model-fetch
#   bash start_app.sh --install-only                                              install and stop
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
venv=$root/.venv
stamp=$venv/heygem-installed
launcher=$venv/bin/ai-model-fetch
needed_mb=9000
export PYTHONUTF8=1 PIP_DISABLE_PIP_VERSION_CHECK=1

say() { # CHINESE ENGLISH: one line in the user's language
  case ${HEYGEM_LANG:-${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}} in
    zh* | ZH*) printf '%s\n' "$1" >&2 ;;
    *) printf '%s\n' "$2" >&2 ;;
  esac
}

fail() {
  say "$@"
  exit 1
}

find_python() {
  local name
  for name in python3.11 python3.12 python3.13 python3.14 python3 python; do
    if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  fail "需要 Python 3.11 至 3.14，但没有找到。请安装后重试（例如 apt install python3.11 python3.11-venv）。" \
    "Python 3.11 to 3.14 is needed and was not found. Install it and try again (apt install python3.11 python3.11-venv, say)."
}

# What an install depends on, as one line.
fingerprint() {
  "$venv/bin/python" - "$root/requirements.txt" <<'EOF'
import hashlib, pathlib, sys
print(hashlib.sha256(pathlib.Path(sys.argv[1]).read_bytes()).hexdigest(), sys.version.split()[0])
EOF
}

is_installed() { is_whole && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ]; }

# A .venv that runs and was made in this very folder; pip's first lines name the interpreter it was made for.
is_whole() { "$venv/bin/python" -c 'import pip' 2>/dev/null && grep -qsF "$venv/bin/python" "$venv/bin/pip"; }

make_venv() {
  local python
  python=$(find_python)
  [ ! -e "$venv" ] || say "原来的 .venv 不可用，正在重建…" "The old .venv cannot be used; making it again."
  rm -rf -- "$venv"
  say "正在用 $python 建立 .venv…" "Making .venv with $python."
  "$python" -m venv "$venv" >/dev/null 2>&1 && is_whole && return
  rm -rf -- "$venv"
  virtualenv --quiet --python "$python" "$venv" 2>/dev/null && is_whole && return
  rm -rf -- "$venv"
  uv venv --quiet --seed --python "$python" "$venv" 2>/dev/null && is_whole && return
  rm -rf -- "$venv"
  fail "无法建立 .venv：$python 缺少 venv 模块。请安装 python3-venv（例如 apt install python3-venv），或安装 virtualenv / uv，再重试。" \
    "No .venv could be made: $python lacks the venv module. Install python3-venv (apt install python3-venv, say), virtualenv or uv, and try again."
}

check_disk() {
  local free_mb used_mb
  free_mb=$(df -Pm -- "$root" | awk 'NR == 2 { print $4 }')
  used_mb=$(du -sm -- "$venv" 2>/dev/null | cut -f1) || used_mb=0
  [ $((free_mb + used_mb)) -ge "$needed_mb" ] || fail \
    "磁盘空间不足：安装需要 $needed_mb MB，$root 所在磁盘只剩 $free_mb MB，还差 $((needed_mb - free_mb - used_mb)) MB。请清理后重试。" \
    "Not enough disk space: installing takes $needed_mb MB, $free_mb MB are free where $root lies, $((needed_mb - free_mb - used_mb)) MB are missing. Free some and try again."
}

# opencv-python wants the system's libGL, which a bare server lacks; the same version without windows does as well.
mend_opencv() {
  local version
  case $("$venv/bin/python" -c 'import cv2' 2>&1) in
    *"cannot open shared object file"*) ;;
    *) return 0 ;;
  esac
  version=$("$venv/bin/python" -c 'from importlib.metadata import version; print(version("opencv-python"))')
  say "系统缺少 opencv-python 所需的图形库，改装 opencv-python-headless $version。" \
    "The system lacks the graphics libraries of opencv-python; installing opencv-python-headless $version over it."
  "$venv/bin/python" -m pip install --force-reinstall --no-deps "opencv-python-headless==$version"
}

install() {
  check_disk
  is_whole || make_venv
  rm -f -- "$stamp"
  rm -rf -- "$venv/tmp" && mkdir -- "$venv/tmp"
  say "正在安装依赖（首次需要几分钟）…" "Installing what HeyGem needs; the first time takes some minutes."
  TMPDIR=$venv/tmp "$venv/bin/python" -m pip install -r "$root/requirements.txt" || fail \
    "安装没有完成。请检查网络后再运行一次，会从中断处继续。" \
    "The install did not finish. Check the network and run this again; it goes on from there."
  rm -rf -- "$venv/tmp"
  mend_opencv
  fingerprint >"$stamp"
}

# The command of pyproject.toml, for whatever folder it is called in. pip would need setuptools and the network for it.
write_launcher() {
  "$venv/bin/python" - "$root" "$venv/bin/python" "$launcher" <<'EOF'
import pathlib, shlex, sys
root, python, launcher = sys.argv[1:]
path = pathlib.Path(launcher)
path.write_text(f"""#!/bin/sh
PYTHONPATH={shlex.quote(root)}${{PYTHONPATH:+:$PYTHONPATH}} exec {shlex.quote(python)} -P -m heygem.commands.model_fetch "$@"
""", encoding="utf-8")
path.chmod(0o755)
EOF
}

if ! is_installed; then
  if command -v flock >/dev/null; then # one install at a time
    exec 9<"$root"
    flock -n 9 || { say "另一个启动正在安装，请稍候…" "Another start is installing; waiting for it." && flock 9; }
  fi
  is_installed || install
  exec 9<&- || true
fi

[ -x "$launcher" ] || write_launcher
[ "${1:-}" != --install-only ] || exit 0
exec "$venv/bin/python" "$root/app.py" "$@"
