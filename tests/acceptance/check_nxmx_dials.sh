#!/bin/bash
# Acceptance check of an NXmx file by third-party software (DIALS, dxtbx, cctbx).
# usage: check_nxmx_dials.sh FILE.nxs [TRUTH.json|TRUTH.nxs] [WORKDIR]
# Needs Debian 12 packages only: python3-dials python3-cctbx (contains dxtbx, iotbx, xfel) python3-h5py python3-numpy python3-scipy
# Thresholds by environment:  MIN_SPOTS=200 MIN_INDEXED=90 MAX_CELL=0.5(stills 1) MAX_ANGLE=0.1(stills 0.3) MIN_CC=0.97 MAX_OFFSET=0.1 MIN_RATE=0.7 MAX_PHI=0.1
#   NPROC=2  KNOWN=0 (1: give dials.index the known cell/space group)  DMIN= (resolution limit, A)
set -u
F=$(readlink -f "$1") || exit 2; T=$(readlink -f "${2:-$1}"); W=${3:-$(mktemp -d /tmp/nxmxcheck.XXXX)}; H=$(dirname "$(readlink -f "$0")")/nxmx_truth_compare.py
PY=${PYTHON:-/usr/bin/python3}; NPROC=${NPROC:-2}; DMIN=${DMIN:-}
mkdir -p "$W"; cd "$W" || exit 2; : > figures.txt; FAILS=0
run() { local log=$1; shift; if ! "$@" > "$log" 2>&1; then echo "STEP FAILED: $* (see $W/$log)"; tail -5 "$log"; return 1; fi; grep -iE "^(warning|error)|\bWARNING\b" "$log" | sort -u | head -5 | sed 's/^/   note: /'; return 0; }
py() { $PY "$H" "$@" | tee -a figures.txt; return "${PIPESTATUS[0]}"; }
val() { awk -v n="$1" '$1=="FIGURE"&&$2==n{v=$3} END{print v}' figures.txt; }
check() { # name value op limit
  if ! [[ "$2" =~ ^[-+]?[0-9.]+([eE][-+]?[0-9]+)?$ ]]; then echo "FAIL  $1: no usable value (${2:-none})"; FAILS=$((FAILS+1)); return; fi
  if awk -v a="$2" -v b="$4" "BEGIN{a=(a<0&&\"$3\"!=\">=\")?-a:a; exit !(a $3 b)}"; then echo "PASS  $1 = $2 ($3 $4)"; else echo "FAIL  $1 = $2 (want $3 $4)"; FAILS=$((FAILS+1)); fi; }
die() { echo "RESULT: FAIL ($1)"; exit 1; }
echo "== structure"; py structure "$F"; [ "$(val structure_errors)" = 0 ] || FAILS=$((FAILS+1))
eval "$($PY "$H" params "$F" "$T")" || die params
POL=()
# shellcheck disable=SC2054 # one word with commas
[ -n "$POLFRAC" ] && POL=(geometry.beam.polarization_fraction="$POLFRAC" geometry.beam.polarization_normal=0,1,0)
echo "== dials.import ($TYPE)"; run import.log dials.import "$F" output.experiments=imported.expt "${POL[@]}" || die import
grep -E "format:|num images|sweep:|still:|num stills" import.log; py geom "$F" imported.expt || FAILS=$((FAILS+1))
echo "== dials.find_spots"; run spots.log dials.find_spots imported.expt nproc=$NPROC ${DMIN:+d_min=$DMIN} output.reflections=strong.refl || die find_spots
SPOTS=$(grep -oE "Saved [0-9]+ reflections" spots.log | tail -1 | awk '{print $2}'); echo "FIGURE spots_found $SPOTS" | tee -a figures.txt
if [ "$TYPE" = rotation ]; then
  K=(); [ "${KNOWN:-0}" = 1 ] && K=(indexing.known_symmetry.unit_cell="$CELL")
  echo "== dials.index"; run index.log dials.index imported.expt strong.refl indexing.known_symmetry.space_group="$SG" "${K[@]}" output.experiments=indexed.expt output.reflections=indexed.refl || die index
  $PY - >> figures.txt <<'P'
from dials.array_family import flex
r=flex.reflection_table.from_file('indexed.refl'); n=r.get_flags(r.flags.indexed).count(True); print('FIGURE pct_indexed %.2f'%(100.*n/len(r)))
P
  echo "FIGURE pct_indexed $(val pct_indexed)"
  echo "== truth crystal in the unrefined file geometry against observed centroids"; py predict "$T" imported.expt indexed.expt indexed.refl || die predict
  echo "== dials.refine"; run refine.log dials.refine indexed.expt indexed.refl output.experiments=refined.expt output.reflections=refined.refl || die refine
  py crystal "$T" refined.expt
  echo "== dials.integrate"; run integrate.log dials.integrate refined.expt refined.refl nproc=$NPROC ${DMIN:+prediction.d_min=$DMIN} output.experiments=integrated.expt output.reflections=integrated.refl || die integrate
  py intensity "$T" integrated.expt integrated.refl sum;  py intensity "$T" integrated.expt integrated.refl prf
  echo "== dials.scale"; run scale.log dials.scale integrated.expt integrated.refl ${DMIN:+d_min=$DMIN} output.experiments=scaled.expt output.reflections=scaled.refl || die scale
  py intensity "$T" scaled.expt scaled.refl scale
  check pct_indexed "$(val pct_indexed)" ">=" "${MIN_INDEXED:-90}"; check offset_phi_images "$(val offset_phi_images)" "<=" "${MAX_PHI:-0.1}"
  check CC_I_F2_sum "$(val CC_I_F2_sum)" ">=" "${MIN_CC:-0.97}"
  # scaling is determined only with a wide enough, redundant series (about 30 deg)
  if awk -v a="$RANGE" 'BEGIN{exit !(a>=30)}'; then check CC_I_F2_scale "$(val CC_I_F2_scale)" ">=" "${MIN_CC:-0.97}"; fi
else
  echo "== dials.stills_process"; cat > stills.phil <<P
spotfinder.filter.min_spot_size=2
indexing.known_symmetry.unit_cell=$CELL
indexing.known_symmetry.space_group=$SG
indexing.stills.method_list=real_space_grid_search
indexing.stills.ewald_proximal_volume_max=0.1
refinement.parameterisation.beam.fix=all
refinement.parameterisation.detector.fix=all
profile.gaussian_rs.parameters.sigma_b_cutoff=2
output.composite_output=True
mp.nproc=1
P
  # Debian's cctbx lacks the compiled module xfel_mono_sim_ext that the stills indexer imports without using it: empty stand-in
  mkdir -p shim; $PY -c 'import xfel_mono_sim_ext' 2>/dev/null || : > shim/xfel_mono_sim_ext.py
  run stills.log env PYTHONPATH="$W/shim${PYTHONPATH:+:$PYTHONPATH}" OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 dials.stills_process imported.expt stills.phil || die stills_process
  E=$(ls *_integrated.expt 2>/dev/null | head -1); R=${E%.expt}.refl; XE=$(ls *_indexed.expt *_refined.expt 2>/dev/null | head -1); XR=$(ls *_indexed.refl 2>/dev/null | head -1)
  [ -n "$XR" ] || die "no indexed stills"
  py crystal "$T" "${E:-$XE}" "$NFRAMES"; py predict "$T" imported.expt "${E:-$XE}" "$XR"; [ -n "$E" ] && py intensity "$T" "$E" "$R" sum
  check index_rate "$(val index_rate)" ">=" "${MIN_RATE:-0.7}"
fi
check n_spots_compared "$(val n_spots_compared)" ">=" "${MIN_COMPARED:-50}"; check spots_found "$SPOTS" ">=" "${MIN_SPOTS:-200}"; check same_crystal_system "$(val same_crystal_system)" ">=" 1
if [ "$TYPE" = stills ]; then A0=0.3; C0=1.0; else A0=0.1; C0=0.5; fi
check misorientation_deg "$(val misorientation_deg_median)" "<=" "${MAX_ANGLE:-$A0}"; check cell_error_pct "$(val cell_error_pct_median)" "<=" "${MAX_CELL:-$C0}"
check offset_fast_px "$(val offset_fast_px)" "<=" "${MAX_OFFSET:-0.1}"; check offset_slow_px "$(val offset_slow_px)" "<=" "${MAX_OFFSET:-0.1}"
echo "workdir $W"; if [ $FAILS = 0 ]; then echo "RESULT: PASS"; else echo "RESULT: FAIL ($FAILS)"; exit 1; fi
