#!/usr/bin/env bash
# HDF5's own locks: Tessera takes none. So somebody may look at a growing file without harm to the run, and file systems without
# flock will do. Only a program that changes a file is heeded.
set -u
. "$SOURCE/tests/support/case.sh"
. "$SOURCE/tests/support/analysis.sh"
unset HDF5_USE_FILE_LOCKING
tiny_case=("${small_case[@]}" --crystal.mosaic_domains=2 --detector.fast_pixels=24 --detector.slow_pixels=20)
# shellcheck disable=SC2206 # no spaces in it
with_spectrum=(${tiny_case[@]/--beam.*/} --beam.fluence=1e32 --crystal.matrix_wavelength=1.2 --beam.spectrum=spectrum.h5 --quiet)
sweep=("${tiny_case[@]}" --sweep.kind=random --sweep.count=4 --run.wave=1 --quiet)
"$TESSERA" simulate "${sweep[@]}" --output reference.nxs || fail reference
reference=$(images_of reference.nxs)

look() { # look FILE MODE: h5py opens it in that mode as soon as it is there, and keeps it; sets holder
    "$python" -c 'if True:
        import h5py, os, sys, time
        while not os.path.exists(sys.argv[1]): time.sleep(0.001)
        file = h5py.File(sys.argv[1], sys.argv[2])
        print(flush=True)
        sys.stdin.read()' "$1" "$2" < pipe > held &
    holder=$!
    exec 9> pipe
}
held() { # held [RUN]: waits for the holder, as long as the process RUN makes the file
    until [ -s held ]; do
        kill -0 $holder 2> /dev/null || { fail "h5py cannot open it"; return; }
        kill -0 "${1:-$holder}" 2> /dev/null || { kill $holder; fail "the run ended before h5py was there"; return; }
        sleep 0.02
    done
}
hold() { look "$@"; held; }
release() { exec 9>&-; wait $holder; rm -f held; }
mkfifo pipe

# ----------------------------------------------------------------------------------- a reader from the first wave to the end
for compression in none deflate; do
    for ranks in 0 2; do
        rm -f watched.*
        look watched.nxs.partial r
        on_ranks $ranks "$TESSERA" simulate "${sweep[@]}" --run.precision=float64 --sampling.oversample=12 --output.compression=$compression \
            --output watched.nxs 2> err &
        run=$!
        held $run
        kill -0 $run 2> /dev/null || fail "watched on $ranks: the run ended before h5py was there"
        code=0
        wait $run || code=$?
        [ $code = 0 ] && [ -e watched.nxs ] || fail "watched on $ranks, $compression: exit code $code: $(cat err)"
        release
    done
done
for locking in TRUE BEST_EFFORT FALSE; do # an environment that asks for locks changes nothing
    cp reference.nxs held.nxs.partial
    hold held.nxs.partial r
    HDF5_USE_FILE_LOCKING=$locking "$TESSERA" simulate "${sweep[@]}" --output held.nxs --resume || fail "resume beside a reader, $locking"
    [ "$(images_of held.nxs)" = "$reference" ] || fail "resume beside a reader: other images"
    HDF5_USE_FILE_LOCKING=$locking "$TESSERA" compress held.nxs --with deflate --quiet || fail "compress beside a reader, $locking"
    "$TESSERA" compare held.nxs#1 reference.nxs#1 > out || fail "compress beside a reader: other images"
    release
    rm -f held.nxs
done

# ------------------------------------------------------------------------------- a program that changes it keeps it to itself
cp reference.nxs changed.nxs.partial
cp reference.nxs changed_too.nxs
refused_for_writer() { # refused_for_writer FILE COMMAND...
    local file=$1 code=0 before
    shift
    hold "$file" r+
    before=$(sha256sum "$file")
    "$@" > out 2> err || code=$?
    [ $code = 2 ] && grep -q "^tessera: error: $file .*open for changes in another program" err || fail "$1 $2 of a file that is being changed: exit code $code: $(cat err)"
    [ "$(sha256sum "$file")" = "$before" ] || fail "$2 changed a file that another program changes"
    release
}
refused_for_writer changed.nxs.partial "$TESSERA" simulate "${sweep[@]}" --output changed.nxs --resume
refused_for_writer changed_too.nxs "$TESSERA" compress changed_too.nxs --with deflate

# ------------------------------------------------------------------------------------------------- file systems without flock
"$python" - << 'P'
import h5py
with h5py.File("spectrum.h5", "w") as file:
    file["energies"], file["weights"] = [10332.0, 10400.0], [1.0, 0.5]
P
"$TESSERA" simulate "${with_spectrum[@]}" --output spectrum.nxs 2> err || fail "spectrum: $(cat err)"
without_flock() { # without_flock ERROR
    local number=$1 locking=$2 folder=without_$1_$2
    mkdir "$folder"
    (
        cd "$folder" || exit
        export LD_PRELOAD="$TOOLS/libflock_fails.so" FLOCK_ERROR=$number ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
        [ "$locking" = unset ] || export HDF5_USE_FILE_LOCKING=$locking
        works() { "$TESSERA" "$@" > out 2> err || fail "flock fails with $number: $1: exit code $?: $(cat err)"; }
        works simulate "${sweep[@]}" --output.compression=deflate --output packed.nxs
        works simulate "${sweep[@]}" --frames 0:2 --output a.nxs
        on_ranks 2 "$TESSERA" simulate "${sweep[@]}" --frames 2:4 --output b.nxs > out 2> err || fail "flock fails with $number: 2 ranks: $(cat err)"
        mv b.nxs b.nxs.partial
        works simulate "${sweep[@]}" --frames 2:4 --output b.nxs --resume --run.verify=true
        works merge all.nxs a.nxs b.nxs
        works describe all.nxs --verify
        works export all.nxs --frame 3 --output x.raw
        works compress a.nxs --with deflate
        works compare all.nxs#1 packed.nxs#1
        works simulate "${with_spectrum[@]}" --beam.spectrum=../spectrum.h5 --output spectrum.nxs
        "$python" "$SOURCE/analysis/show_frame.py" all.nxs --output x.png > out 2> err || fail "flock fails with $number: show_frame.py: $(cat err)"
        "$python" "$SOURCE/analysis/training_set.py" all.nxs --output set > out 2> err || fail "flock fails with $number: training_set.py: $(cat err)"
    )
    [ "$(images_of "$folder/all.nxs")" = "$reference" ] || fail "flock fails with $number: other images"
    [ "$(images_of "$folder/spectrum.nxs")" = "$(images_of spectrum.nxs)" ] || fail "flock fails with $number: other images of a spectrum"
}
errno_of() { "$python" -c "import errno, sys; print(getattr(errno, sys.argv[1], sys.argv[1]))" "$1"; }
for error in ENOTSUP ENOLCK 524 ENOSYS; do later without_flock "$(errno_of $error)" unset; done
later without_flock "$(errno_of ENOLCK)" TRUE
finish
