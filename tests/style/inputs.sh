#!/bin/bash
# Files are opened in few places: inputs that parameters name by input_open, which confines them, and datasets of HDF5 files by
# hdf5_inside_open, which looks where their values lie.
# Environment: SOURCE (the project).
set -eu
cd "${SOURCE:?}"
failed=0
only_in() { # only_in WHAT PATTERN FOLDER FILE...: matches of PATTERN below FOLDER are in these files alone, and in each of them
    local what=$1 pattern=$2 folder=$3 found
    shift 3
    found=$(grep -rlE -- "$pattern" "$folder" | sort | tr '\n' ' ')
    [ "$found" = "$(printf 'src/%s\n' "$@" | sort | tr '\n' ' ')" ] && return
    echo "inputs: $what in $found, expected in $*"
    failed=1
}
only_in 'HDF5 datasets are opened' '\bH5Dopen2? *\(' src parallel/hdf5/hdf5_inside.c parallel/hdf5/hdf5_parts.c parallel/output/compress.c
only_in 'HDF5 files are opened' '\bH5F(open|create) *\(' src parallel/hdf5/hdf5_helpers.c
only_in 'files are opened in core' '\b(fopen|open|openat|freopen) *\(' src/core \
    core/base/core_quota.c core/parameters/input.c core/base/new_file.c core/base/sha256.c core/base/text.c
only_in 'whole files are read in core' '\btext_read_file *\(' src/core core/reflections/mtz_write.c core/base/text.c
only_in 'whole texts are read in core' '\btext_read_text *\(' src/core core/base/json.c core/formats/run_file.c core/reflections/symmetry_library.c \
    core/base/text.c
only_in 'files under names that can be guessed are made' '\bnew_file_(open|create) *\(' src core/base/new_file.c core/reflections/mtz_write.c parallel/run/nanobragg_files.c \
    parallel/files/output_path.c program/benchmark/benchmark_artifacts.c program/export/export_geometry.c program/export/export_image.c program/import/import_run.c program/commands/progress_file.c program/commands/trace_file.c
only_in 'signals are caught' '\b(sigaction|sigwait|signal) *\(' src program/shared/stop_signal.c
only_in 'libccp4 is asked' '<ccp4|\bccp4(spg)?_' src core/reflections/mtz_write.c core/reflections/symmetry_library.c
[ $failed = 0 ] && echo "all passed"
exit $failed
