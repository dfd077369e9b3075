#!/usr/bin/env bash
# tessera describe --anomalous: f' and f'' of the elements from C to U, 5 to 25 keV and 7 eV or more from an edge, against
# those of D. T. Cromer & D. Liberman as gemmi computes them, which is another calculation from other tables. Values at an
# edge are bounded, and between energies there are no jumps but those of edges.
set -u
. "$SOURCE/tests/support/case.sh"
/usr/bin/python3 - "$TESSERA" << 'P' || fail "f' and f''"
import subprocess
import sys
import gemmi

# Where the two disagree by more, and who is at fault.
allowed = {
    "Cr": (0.45, 0.13),  # xraylib's cross-section has a bump from 6.5 to 7.5 keV
    "Cs": (0.60, 0.06),  # 11 eV below L3, whose jump the two have at different energies
}
# gemmi's integral fails there: f' of 31 or -4 electrons, or 2 off, in a few eV and not on both sides.
gemmi_fails = {"Ar": [(5800, 6000)], "Ce": [(18900, 19500)], "Bi": [(8000, 8300)], "Po": [(8800, 9000)]}

def ask(symbol, energies):
    run = subprocess.run([sys.argv[1], "describe", "--anomalous", symbol, "--energies", energies], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return [tuple(map(float, line.split())) for line in run.stdout.splitlines()]

def edges(symbol):  # where f'' of gemmi jumps
    number = gemmi.Element(symbol).atomic_number
    at = lambda energy: gemmi.cromer_liberman(number, energy)[1]
    return [energy for energy in range(4900, 25100, 5) if at(energy + 5) > 1.02 * at(energy)]

bad, compared = [], 0
for number in range(6, 93):
    symbol = gemmi.Element(number).name
    jumps = edges(symbol)
    limit_real, limit_imaginary = allowed.get(symbol, (0.3 if number <= 56 else 1.5, 0.06))
    for energy, real, imaginary in ask(symbol, "5000:25000:100"):
        if any(-7 < energy - jump < 12 for jump in jumps):
            continue
        if any(a <= energy <= b for a, b in gemmi_fails.get(symbol, ())):
            continue
        other_real, other_imaginary = gemmi.cromer_liberman(number, energy)
        compared += 1
        if abs(real - other_real) > limit_real:
            bad.append((symbol, energy, real, other_real))
        if other_imaginary > 0.05 and abs(imaginary / other_imaginary - 1) > limit_imaginary:
            bad.append((symbol, energy, imaginary, other_imaginary))
assert compared > 15000, compared
assert not bad, bad[:20]

# A thousand energies across the Fe K edge: no jump in f' beyond that of the logarithm, and the published shape.
scan = ask("Fe", "7000:7200:0.2")
assert len(scan) == 1001
steps = [abs(b[1] - a[1]) for a, b in zip(scan, scan[1:])]
assert max(steps) < 0.6, max(steps)
least = min(scan, key=lambda row: row[1])
assert 7111 < least[0] < 7113.1 and -13 < least[1] < -8, least
rise = [b[0] for a, b in zip(scan, scan[1:]) if b[2] - a[2] > 1]
assert len(rise) == 1 and abs(rise[0] - 7112.1) < 0.3, rise
by_energy = {round(row[0], 1): row for row in scan}
assert abs(by_energy[7105.0][1] + 7.1) < 0.5 and abs(by_energy[7105.0][2] - 0.468) < 0.02, by_energy[7105.0]
P
refused() { # refused PATTERN ARGUMENT...
    local pattern=$1 code=0
    shift
    "$TESSERA" describe "$@" > out 2> err || code=$?
    [ $code = 2 ] && [ ! -s out ] && grep -q -- "$pattern" err || fail "describe $*: exit code $code: $(cat err)"
}
refused 'is no element' --anomalous Xx --energies 7000
refused 'is no element' --anomalous '' --energies 7000
refused 'needs --energies' --anomalous Fe
refused 'needs --anomalous' --energies 7000
refused 'FIRST:LAST:STEP' --anomalous Fe --energies 7000:7100
refused 'FIRST:LAST:STEP' --anomalous Fe --energies 7000:7100:0
refused 'FIRST:LAST:STEP' --anomalous Fe --energies 7100:7000:1
refused 'FIRST:LAST:STEP' --anomalous Fe --energies 7000:7100:1:
refused 'FIRST:LAST:STEP' --anomalous Fe --energies nan
refused 'from 1000 to 200000 eV' --anomalous Fe --energies 7.1
refused 'more than' --anomalous Fe --energies 7000:7100:1e-9
refused 'given twice' --anomalous Fe --anomalous S --energies 7000
refused 'and not' --anomalous Fe --energies 7000 file.nxs
finish
