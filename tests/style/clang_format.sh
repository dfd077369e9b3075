#!/bin/bash
# Every C file has the format of .clang-format.
# Environment: SOURCE (the project).
set -u -o pipefail
cd "${SOURCE:?}" || exit 1
files() { find include src tests -name '*.[ch]' -print0; }
[ "$(files | tr -dc '\0' | wc -c)" -gt 300 ] || { echo "clang_format: hardly any files: this proves nothing"; exit 1; }
files | xargs -0 -n 32 -P "$(nproc)" clang-format --dry-run -Werror 2>&1 |
    sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: error: .*/clang_format: mend with: clang-format -i \1/p' | sort -u
