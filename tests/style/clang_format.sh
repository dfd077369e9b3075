#!/bin/sh
# Every C file has the format of .clang-format.
# Environment: SOURCE (the project).
set -eu
cd "${SOURCE:?}"
failed=0
for file in $(find include src tests -name '*.[ch]' | sort); do
    clang-format --dry-run -Werror "$file" 2>/dev/null || { echo "clang_format: mend with: clang-format -i $file"; failed=1; }
done
exit $failed
