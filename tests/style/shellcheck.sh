#!/bin/sh
# No shell script has what shellcheck calls an error or a warning.
# Environment: SOURCE (the project).
set -eu
cd "${SOURCE:?}"
{ find jobs tests \( -name '*.sh' -o -name '*.sbatch' \); echo .ci/run; } | xargs shellcheck --severity=warning
