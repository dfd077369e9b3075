#!/usr/bin/env bash
# Images of random experiments are what docs/physics.md says, by an oracle in numpy written from that page (tests/oracle): all
# conventions, shapes, sources, sensors and sweeps, float64 to 2e-7 of a pixel. Mistakes planted in the oracle show.
# So is what output.printout_pixel and --trace-pixel say of the last step at a pixel.
# SEED (new: another one each time) and COUNT of the experiments; MISTAKES= plants none.
set -u
seed=${SEED-13}
[ "$seed" != new ] || seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
export PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1
python=${PYTHON:-/usr/bin/python3}
"$python" "$SOURCE/tests/oracle/last_step.py" "$TESSERA" || exit 1
# shellcheck disable=SC2086 # an option or nothing
exec "$python" "$SOURCE/tests/oracle/run.py" "$TESSERA" --seed "$seed" --count "${COUNT:-200}" \
    --cases "$SOURCE/tests/oracle/cases" ${MISTAKES---mistakes}
