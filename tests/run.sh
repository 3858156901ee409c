#!/usr/bin/env bash
# All the checks: lint, format, types, floors, tests. Installs what they need. The exit status is that of what failed first.
set -uo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
cd -- "$root" || exit
export PYTHONUTF8=1 PIP_DISABLE_PIP_VERSION_CHECK=1
bin=$root/.venv/bin
failed=
status=0

title() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

check() { # NAME COMMAND...: runs it, remembers whether it failed, goes on
  local name=$1 code=0
  shift
  title "$name"
  "$@" || code=$?
  [ "$code" -eq 0 ] && return
  failed+=" [$name]"
  [ "$status" -ne 0 ] || status=$code
}

install_packages() {
  bash start_app.sh --install-only &&
    "$bin/python" -m pip install --quiet -r tests/requirements.txt &&
    "$bin/python" -m pip install --quiet --no-deps -r tests/requirements-no-deps.txt
}

install_programs() { # for the tests of the page, the weights, the database, the downloads and the metrics; those that miss them are skipped
  local missing=()
  command -v chromium >/dev/null || missing+=(chromium)
  command -v ffmpeg >/dev/null || missing+=(ffmpeg)
  command -v espeak-ng >/dev/null || missing+=(espeak-ng)
  command -v nginx >/dev/null || missing+=(nginx-light)
  command -v prometheus >/dev/null || missing+=(prometheus)
  compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || missing+=(postgresql)
  fc-list 2>/dev/null | grep -qi 'noto.*cjk' || missing+=(fontconfig fonts-noto-cjk)
  [ ${#missing[@]} -ne 0 ] || return 0
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Not there, so some tests will be skipped: ${missing[*]}"
    return 0
  fi
  echo "Installing ${missing[*]} …"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    >/dev/null || echo "apt-get could not install them; some tests will be skipped."
}

run_tests() { # that what was asked for has no test of this sort is no failure
  local code=0
  "$bin/python" -m pytest "$@" || code=$?
  [ "$code" -eq 5 ] || return "$code"
}

title "install"
install_packages || exit
install_programs

check "ruff check" "$bin/ruff" check .
check "ruff format" "$bin/ruff" format --check .
check "mypy" "$bin/mypy"
check "import floors" "$bin/lint-imports" --no-logo
[ -z "$failed" ] || printf '\nFailed so far:%s\n' "$failed"
check "pytest" run_tests -m "not alone" -n 2 --dist loadfile "$@"
check "pytest, one by one" run_tests -m alone "$@"
exit "$status"
