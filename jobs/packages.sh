#!/bin/sh
# Installs what Tessera needs from Debian or Ubuntu, and nothing that is there already.
#
#   jobs/packages.sh run          to build the program, run it and look at its images
#   jobs/packages.sh run test     and to run the tests
#   jobs/packages.sh run test full    and for coverage and the tests with SLURM, DIALS and valgrind
#   jobs/packages.sh dials        DIALS alone
#   jobs/packages.sh --list GROUP...  prints the packages and installs nothing
#
# Prints nothing when it succeeds. Exit code: 0 all there, 2 bad usage or not a Debian, 3 a package could not be installed.
set -eu

# The one place of these lists.
run='gcc libc6-dev make cmake git ca-certificates
     libopenmpi-dev openmpi-bin libhdf5-openmpi-dev zlib1g-dev libyaml-dev librandom123-dev libxrl-dev
     libccp4-dev libccp4-data bitshuffle
     python3 python3-h5py python3-numpy python3-matplotlib'
test='clang clang-19 libclang-rt-dev clang-format clang-tidy cppcheck libomp-dev libcunit1-dev hdf5-tools binutils shellcheck
      groff-base python3-gemmi'
dials='python3-dials python3-cctbx'
full="slurmctld slurmd slurm-client munge iproute2 $dials python3-scipy
      python3-fabio python3-silx pymol-data gcovr valgrind"

say() { echo "packages.sh: $*" >&2; }

list=no
wanted=
[ $# -gt 0 ] || { sed -n '2,9p' "$0" | cut -c3- >&2; exit 2; }
for argument in "$@"; do
    case $argument in
    --list) list=yes ;;
    run) wanted="$wanted $run" ;;
    test) wanted="$wanted $test" ;;
    full) wanted="$wanted $full" ;;
    dials) wanted="$wanted $dials" ;;
    -h | --help) sed -n '2,9p' "$0" | cut -c3-; exit 0 ;;
    *) say "there is no group \"$argument\"; the groups are run, test, full and dials"; exit 2 ;;
    esac
done
if [ $list = yes ]; then
    # shellcheck disable=SC2086 # a list of words
    printf '%s\n' $wanted
    exit 0
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "this is not Debian or Ubuntu: install the libraries as INSTALL.md says, then build with cmake"
    exit 2
fi

missing=
for package in $wanted; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
    *' ok installed') ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { say "needs root or sudo to install:$missing"; exit 3; }
    as_root='sudo -n'
    # shellcheck disable=SC2086 # a command and its argument
    $as_root true 2>/dev/null || { [ -t 0 ] && as_root=sudo; } ||
        { say "sudo asks for a password; as root, install:$missing"; exit 3; }
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# RUNLEVEL=1: packages that bring a daemon do not start it.
# shellcheck disable=SC2086 # lists of words
apt() {
    $as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
        apt-get -o DPkg::Lock::Timeout=180 -o Acquire::Retries=3 -q -y "$@" </dev/null >>"$log" 2>&1
}
# A source that has nothing to do with us may fail to update: only the installation decides.
apt update || true
# shellcheck disable=SC2086 # a list of words
if ! apt install --no-install-recommends $missing; then
    tail -n 20 "$log" >&2
    say "could not install:$missing"
    exit 3
fi
