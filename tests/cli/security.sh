#!/usr/bin/env bash
# What a job that runs as the user does not do: call a shell, write through a link that somebody has laid, widen
# permissions, keep the environment in its files, or hand control characters to a terminal.
set -u
. "$SOURCE/tests/support/case.sh"
run=("${small_case[@]}" --detector.fast_pixels=24 --detector.slow_pixels=20)

# No shell: neither system nor popen, and no exec that takes anything but a list of arguments.
called=$(nm -D --undefined-only "$TESSERA" | awk '{ sub("@.*", "", $2); print $2 }' |
    grep -xE 'system|popen|exec[lv][a-z]*|fork|vfork|wordexp|tmpnam|tempnam|mktemp|tmpfile|gets' || true)
[ -z "$called" ] || fail "the program calls $called"
mkdir "a\$(touch shell)" && "$TESSERA" simulate "${run[@]}" --quiet --output "a\$(touch shell)/b;touch shell.nxs" ||
    fail "a name with the shell's signs"
[ ! -e shell ] && [ ! -e shell.nxs ] || fail "a name was given to a shell"

# The umask decides.
for mask in 077 027 022; do
    mkdir mode$mask
    (umask $mask && "$TESSERA" simulate "${run[@]}" --output mode$mask/x.nxs --run.trace=mode$mask/trace \
        --trace-pixel 3,4 --trace-file mode$mask/pixel --output.float_file=mode$mask/float --output.int_file=mode$mask/int \
        --output.yaml_file=mode$mask/yaml --output.pgm_file=mode$mask/pgm > out 2>&1 &&
        "$TESSERA" export mode$mask/x.nxs --format png --output mode$mask/image.png > out 2>&1 &&
        "$TESSERA" compress mode$mask/x.nxs --with deflate > out 2>&1) || fail "umask $mask: $(cat out)"
    expected=$(printf '%o' $((0666 & ~0$mask)))
    [ "$(find mode$mask -type f | wc -l)" -ge 9 ] || fail "umask $mask: $(ls mode$mask)"
    others=$(find mode$mask -type f ! -perm "$expected" -printf '%f %m, ')
    [ -z "$others" ] || fail "umask $mask: $others"
done

# Links that lie where files will be: the file they lead to stays, and so does one that is not there yet.
mkdir laid
for victim in there absent; do
    for name in x.nxs.partial x.nxs.partial.new x.nxs.undo x.nxs.undo.new x.nxs.progress.json x.nxs.progress.json.new pixel.partial float.partial yaml.partial \
        x.nxs.packed image.bin.partial image.bin.json.partial; do
        rm -rf laid/* victim
        [ $victim = absent ] || echo precious > victim
        ln -s ../victim laid/$name
        "$TESSERA" simulate "${run[@]}" --output laid/x.nxs --trace-pixel 3,4 --trace-file laid/pixel --run.trace=laid/trace \
            --output.float_file=laid/float --output.yaml_file=laid/yaml --overwrite > out 2>&1
        "$TESSERA" export laid/x.nxs --format raw --output laid/image.bin > out 2>&1
        "$TESSERA" compress laid/x.nxs --with deflate > out 2>&1
        if [ $victim = absent ]; then
            [ ! -e victim ] || fail "$name: it was made through a link"
        else
            [ "$(cat victim)" = precious ] || fail "$name: it was written to through a link"
        fi
    done
done

rm -rf laid/* victim
ln -s ../victim laid/trace
"$TESSERA" simulate "${run[@]}" --output laid/x.nxs --run.trace=laid/trace > out 2>&1 && fail "run.trace replaced a link"
[ ! -e victim ] || fail "run.trace was made through a link"

# Nothing of the environment but what docs/security.md names.
mkdir env
TESSERA_SECRET=hunter2-a AWS_SECRET_ACCESS_KEY=hunter2-b SLURM_JWT=hunter2-c OMPI_MCA_secret=hunter2-d PMIX_TOKEN=hunter2-e \
    HOME=/hunter2-f USER=hunter2-g SSH_AUTH_SOCK=/hunter2-h SLURM_JOB_ID=4711 SLURM_ARRAY_TASK_ID=17 \
    "$TESSERA" simulate "${run[@]}" --output env/x.nxs --run.trace=env/trace --trace-pixel 3,4 --trace-file env/pixel \
    --output.yaml_file=env/yaml > env/out 2> env/err || fail "with secrets in the environment: $(cat env/err)"
found=$(grep -la hunter2 env/*)
[ -z "$found" ] || fail "the environment is in $found"
grep -qa 4711 env/x.nxs || fail "the job's number is not recorded"
for name in $(sed -n 's/.*getenv("\([A-Z_0-9]*\)").*/\1/p; s/.*{"\(SLURM_[A-Z_]*\)", "slurm.*/\1/p' "$SOURCE"/src/*/*.c | sort -u); do
    grep -q "\`$name\`" "$SOURCE/docs/security.md" || fail "docs/security.md does not name $name"
done

# Bytes that control a terminal are written out, in messages, descriptions and JSON.
escape=$(printf '\033')
printf '# %s[2J\n1 0 0 %s]0;title\007\n' "$escape" "$escape" > evil.hkl
"$TESSERA" plan --crystal.cell=50 --crystal.structure_factors=evil.hkl --output x.nxs 2> err && fail "evil.hkl was read"
"$TESSERA" plan "--evil${escape}[31m=$(printf '\303\050\233')" 2>> err && fail "an evil option was read"
"$TESSERA" "$(printf 'evil\033c')" 2>> err && fail "an evil command was read"
printf 'detector.distance: "\\e[31m"\ncrystal: [\377]\n' > evil.yaml
"$TESSERA" plan evil.yaml --output x.nxs 2>> err && fail "evil.yaml was read"
[ "$(wc -l < err)" = 4 ] || fail "messages: $(cat -v err)"
LC_ALL=C grep -q '[^[:print:]]' err && fail "bytes in a message: $(cat -v err)"
grep -q '\\x1b' err || fail "nothing was written out: $(cat -v err)"
/usr/bin/python3 - env/x.nxs << 'P' || fail "an evil record"
import sys, h5py, numpy as np
with h5py.File(sys.argv[1], "r+") as f:
    g = f["entry/simulation/environment"]
    for name, value in (("hostname", b"\033[31mhost\233"), ("command_line", b"x\n\033]0;t\007\t\377"), ("version", b"\"\\\001")):
        del g[name]
        g.create_dataset(name, data=np.array(value, dtype=f"S{len(value) + 1}"))
P
"$TESSERA" describe env/x.nxs > out || fail "describe"
LC_ALL=C grep -q '[^[:print:][:space:]]' out && fail "bytes in a description: $(cat -v out)"
"$TESSERA" describe --json env/x.nxs > out || fail "describe --json"
/usr/bin/python3 -c 'import json, sys; json.loads(open(sys.argv[1], "rb").read().decode("utf-8"))' out || fail "JSON: $(cat -v out)"
LC_ALL=C.UTF-8 grep -q '[[:cntrl:]]' out && fail "control characters in JSON"
finish
