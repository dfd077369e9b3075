#!/usr/bin/env bash
# Every text that is read means the same with any ends of lines, with a byte order mark and without a last end; UTF-16 and zeros are refused.
set -u
. "$SOURCE/tests/support/case.sh"
scene=(--crystal.cells=4 --detector.distance=60 --detector.pixel_size=3 --detector.fast_pixels=12 --detector.slow_pixels=10
    --sampling.oversample=1 --run.precision=float64 --quiet --overwrite)
cell=("--crystal.cell=30,40,50")
flat=("${cell[@]}" --crystal.default_f=100)

printf '# three\n1 0 0 50\n0 1 0 60\n0 0 0 170\n' > factors.hkl
printf '%4d%4d%4d%8.2f%8.2f\n' 1 0 0 25 1 0 0 1 36 1 0 1 1 99 1 0 0 0 0 0 > shelx.hkl
cp "$inputs/2erl_1p8A_C2.cif" factors.cif
printf -- '-10 0 0 1 1e-10\n-10 0.001 0 2 1.1e-10\n' > sources.txt
printf '9000 1\n9500 3\n9900 2\n' > spectrum.txt
printf '0.02 0 0.001\n0.002 0.025 0\n0 0.003 0.03\n' > crystal.mat
printf '0 2.57\n0.0365 2.58\n0.07 2.8\n0.12 5\n' > background.stol
printf "sampling.phi_start,crystal.b_factor\n0,1\n10,2\n" > list.csv
printf 'crystal:\n  cell: 30,40,50\n  default_f: 100\n  mosaic_seed: 3\n' > run.yaml
gzip -c factors.hkl > packed.hkl

image() { # image OUTPUT OPTION...
    "$TESSERA" simulate "${@:2}" "${scene[@]}" --output "$1" > log 2>&1 || fail "${*:2}: $(cat log)"
    "$TOOLS/dataset_sha256" "$1" /entry/data/data
}
variants() { # variants FILE OPTION...: @ in an option is the file
    local file=$1 first="" made
    shift
    for kind in lf crlf cr mixed cut; do
        case $kind in
            lf) cp "$file" "new.$file" ;;
            crlf) sed 's/$/\r/' "$file" > "new.$file" ;;
            cr) tr '\n' '\r' < "$file" > "new.$file" ;;
            mixed) { printf '\xef\xbb\xbf' && sed '2!s/$/\r/' "$file" | tr '\n' '\r' | sed 's/\r\r/\r\n/'; } > "new.$file" ;;
            cut) printf '%s' "$(cat "$file")" > "new.$file" ;;
        esac
        made=$(image "$kind.nxs" "${@//@/new.$file}")
        first=${first:-$made}
        [ "$made" = "$first" ] || fail "$file with lines of $kind is another file"
    done
    for kind in UTF-16 UTF-16LE; do
        iconv -t $kind "$file" > "new.$file"
        ! "$TESSERA" simulate "${@//@/new.$file}" "${scene[@]}" --output wide.nxs > log 2>&1 || fail "$file is read as $kind"
        grep -q 'UTF-16' log || fail "$kind is not named for $file: $(cat log)"
    done
}
variants factors.hkl "${cell[@]}" --crystal.structure_factors=@
variants shelx.hkl "${cell[@]}" --crystal.structure_factors=@ --crystal.space_group=P1
variants factors.cif --crystal.structure_factors=@
variants sources.txt "${flat[@]}" --beam.sources=@
variants spectrum.txt "${flat[@]}" --beam.spectrum=@
variants crystal.mat --crystal.default_f=100 --crystal.matrix_wavelength=1 --crystal.matrix=@
variants background.stol "${flat[@]}" --background.file=@
variants list.csv "${flat[@]}" --sweep.kind=list --sweep.file=@
variants run.yaml @
cp "$SOURCE/tests/fuzz/corpus/atoms/short.pdb" short.pdb
variants short.pdb --crystal.model=@ --crystal.resolution=6 --beam.wavelength=1
for kind in lf crlf cr mixed cut; do
    case $kind in
        lf) cp short.pdb new.pdb ;;
        crlf) sed 's/$/\r/' short.pdb > new.pdb ;;
        cr) tr '\n' '\r' < short.pdb > new.pdb ;;
        mixed) { printf '\xef\xbb\xbf' && cat short.pdb; } > new.pdb ;;
        cut) { printf '\xef\xbb\xbf' && tr '\n' '\r' < short.pdb; } | gzip > new.pdb ;;
    esac
    "$TESSERA" describe new.pdb > described 2>&1 || fail "describe of $kind: $(cat described)"
    grep -q '^format *atoms' described || fail "atoms in lines of $kind are no atoms: $(cat described)"
done

# lines are counted alike
for ends in '\n' '\r' '\r\n'; do
    printf "1 0 0 5${ends}2 0 0 6${ends}3 0 0 x${ends}" > bad.hkl
    ! "$TESSERA" plan "${cell[@]}" --crystal.structure_factors=bad.hkl > log 2>&1 || fail "bad.hkl is read"
    grep -q 'bad.hkl:3: field 4 is "x"' log || fail "another line of bad.hkl: $(cat log)"
done
finish
