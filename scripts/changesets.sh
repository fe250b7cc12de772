#!/usr/bin/env bash
# Checks that a branch that changes a package brings a changeset that says so.
#   scripts/changesets.sh [BASE]        BASE: the branch it will be merged into (default: main)
# Without such a base there is nothing to compare, and it says so: on the base branch itself, in a
# repository of one commit, in a clone too shallow to hold the common ancestor.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PWD/node_modules/.bin:$PATH

commit() { git rev-parse --verify --quiet "$1^{commit}"; }

name=${1:-main}
head=$(commit HEAD) || { echo "changesets: no commit yet, nothing to compare"; exit 0; }
for base in "$name" "origin/$name"; do # a clone of another branch has only the second
  id=$(commit "$base") || continue
  if [ "$id" = "$head" ]; then
    echo "changesets: HEAD is $base, nothing to compare"
    exit 0
  fi
  if git merge-base "$id" "$head" >/dev/null; then
    exec changeset status --since="$base"
  fi
done
echo "changesets: HEAD has no common ancestor with $name here, nothing to compare"
