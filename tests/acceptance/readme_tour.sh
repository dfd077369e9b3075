#!/bin/bash
# The two tours of README.md, their commands run one after the other as they stand there, in a copy of the project: they end
# with pictures, a rotation series that DIALS has indexed, and one that is imported from what DIALS refined.
# Environment: SOURCE (the project). Installs what jobs/packages.sh run dials lists, unless it is there.
set -u -o pipefail
: "${SOURCE:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/project" && cd "$work/project" || exit 2
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=$SOURCE
git -C "$SOURCE" ls-files -z | tar -C "$SOURCE" --null -T - -cf - | tar -xf - || exit 2
[ -f README.md ] || { echo "readme_tour: no copy of the project"; exit 2; }
# What a new user's shell has: Debian's Python, and none of our own settings.
PATH=/usr/bin:$PATH
unset OMP_NUM_THREADS

awk '/^## /{inside = /tour$/} inside && /^    /' README.md | cut -c5- >commands.sh
lines=$(wc -l <commands.sh)
for needed in ./jobs/quickstart.sh 'tessera simulate' show_frame.py dials.index 'tessera import' 'tessera compare'; do
    grep -qF "$needed" commands.sh || { echo "readme_tour: no $needed among the $lines commands of the tour"; exit 1; }
done
bash -e -x commands.sh >tour.log 2>&1 || { tail -n 30 tour.log; echo "readme_tour: a command of the tour failed"; exit 1; }

cd quickstart-output || exit 1
for picture in 2erl.png rotation_frame_60.png own_frame_60.png; do
    [ "$(head -c 4 "$picture" | tail -c 3)" = PNG ] || { echo "readme_tour: no picture $picture"; exit 1; }
done
/usr/bin/python3 - <<'P'
import sys
from dials.array_family import flex
from dxtbx.model.experiment_list import ExperimentListFactory
own = ExperimentListFactory.from_json_file("own.expt", check_format=False)
if len(own) != 1 or own[0].scan.get_num_images() != 120:
    sys.exit(f"own.nxs is not one scan of 120 images, but {len(own)} experiments")
spots = flex.reflection_table.from_file("indexed.refl")
share = spots.get_flags(spots.flags.indexed).count(True) / len(spots)
crystal = ExperimentListFactory.from_json_file("indexed.expt", check_format=False)[0].crystal
cell = crystal.get_unit_cell().parameters()
print(f"{len(spots)} spots, {share:.4%} indexed, cell {cell}, {crystal.get_space_group().info()}")
expected = (53.91, 23.10, 23.10, 90, 110.4, 90)
right = all(abs(a / b - 1) < 0.002 for a, b in zip(cell, expected))
sys.exit(not (len(spots) > 2000 and share >= 0.99 and right and str(crystal.get_space_group().info()) == "C 1 2 1"))
P
code=$?
[ $code = 0 ] || echo "readme_tour: DIALS found something else"
exit $code
