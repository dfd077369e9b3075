# shellcheck shell=bash
# shellcheck disable=SC2034,SC2054
# What the tests of analysis/ share: small sweeps of a gauss crystal, whose spots are known in closed form, and checks of pictures.
# Sourced after case.sh.
python=${PYTHON:-/usr/bin/python3}
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$SOURCE/analysis OPENBLAS_NUM_THREADS=1
gauss_case=(
    --crystal.cell=53.91,23.1,23.1,90,110.4,90 --crystal.structure_factors="$inputs/2erl_P1.hkl"
    --crystal.cells=6,14,14 --crystal.shape=gauss --beam.wavelength=1.2 --beam.fluence=1e28 --beam.polarization=0.9
    --detector.distance=60 --detector.pixel_size=0.3 --detector.fast_pixels=256 --detector.slow_pixels=240
    --sampling.oversample=3 --output.images=both --quiet
)
analysis() { # analysis NAME ARGUMENT...: runs analysis/NAME.py; what it prints is in the files out and err
    local name=$1
    shift
    "$python" "$SOURCE/analysis/$name.py" "$@" > out 2> err || fail "$name $*: exit code $?: $(cat err)"
}
refused() { # refused NAME PATTERN ARGUMENT...: exit code 2 and one message with PATTERN
    local name=$1 pattern=$2 code=0
    shift 2
    "$python" "$SOURCE/analysis/$name.py" "$@" > out 2> err || code=$?
    [ $code = 2 ] || fail "$name $*: exit code $code: $(cat out err)"
    [ "$(grep -vc '^usage\|^  ' err)" = 1 ] && grep -q -- "$pattern" err || fail "$name $*: message: $(cat err)"
}
picture() { # picture PNG WIDTH HEIGHT: a PNG of that size, with white and dark in it
    "$python" - "$@" << 'P' || fail "picture $*"
import sys
import matplotlib.image
image = matplotlib.image.imread(sys.argv[1])
assert image.shape[1::-1] == (int(sys.argv[2]), int(sys.argv[3])), image.shape
grey = image[..., :3].mean(axis=2)
assert grey.max() > 0.95 and grey.min() < 0.1 and 0.02 < grey.std() < 0.45, (grey.min(), grey.max(), grey.std())
P
}
