#!/bin/bash
# What is true of some parameters stands in their rows of the table: no source keeps a list of them.
# Environment: SOURCE (the project).
set -u
: "${SOURCE:?}"
table=$SOURCE/include/core/parameters/parameters.def
look() { "${PYTHON:-python3}" "$SOURCE/tests/style/side_lists.py" "$table" "$@"; }
failed=0
planted() { # planted FILE.c: a list that must be found
    mkdir -p "${1%.c}" && cat > "${1%.c}/$1"
    if look "${1%.c}" > found; then echo "side_lists: a planted list is not found: $1"; failed=1; fi
}
planted rows.c << 'P'
static const int of_fluence[] = {PARAMETER(beam, flux), /* and */ PARAMETER(beam, exposure)};
P
planted names.c << 'P'
static const char *const names[] = {"sweep.count", "sweep.start"};
P
planted table.c << 'P'
static const struct { int row; double least; } ranges[] = {{PARAMETER(beam, flux), 1.0}, {PARAMETER(beam, size), 2.0}};
P
planted compared.c << 'P'
static bool varies(int row) { return row == PARAMETER(beam, flux) || PARAMETER(beam, size) == row; }
P
planted switched.c << 'P'
int kind(int row) { switch (row) { case PARAMETER(beam, flux): return 1; case PARAMETER(beam, size): return 2; } return 0; }
P
planted said.c << 'P'
bool is_beside(const char *name) { return strcmp(name, "run.tile") == 0 || strcmp(name, "run.wave") == 0; }
P
mkdir alone && cat > alone/alone.c << 'P'
/* PARAMETER(beam, flux), PARAMETER(beam, size) */
bool is_given(const Parameters *p) {
    return parameters_is_given(p, PARAMETER(beam, flux)) && parameters_is_given(p, PARAMETER(beam, size));
}
P
look alone || { echo "side_lists: two parameters that are asked for one after the other are no list"; failed=1; }
look "$SOURCE/src" "$SOURCE/include" || failed=1
exit $failed
