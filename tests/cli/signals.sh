#!/usr/bin/env bash
# HUP, INT, TERM, XCPU, USR1, USR2 and ALRM end a run with 75, its message, "stopped" in the progress file and no lock; one that
# was ignored stays ignored; a second one ends it within 2 s, whatever it is at. Serial commands leave no half file.
set -u
. "$SOURCE/tests/support/case.sh"
${PYTHON:-/usr/bin/python3} - "$TESSERA" "$MPIEXEC" "$TOOLS" "${small_case[@]}" << 'P' || fail "see above"
import json, os, re, signal, subprocess, sys, time
program, mpiexec, tools, *case = sys.argv[1:]
mpiexec = mpiexec.split()
bad = 0
def fail(*text):
    global bad
    bad = 1
    print("FAILED:", *text, file=sys.stderr)
frames = 200
# frames of some 0.05 s, so that each signal finds the run at work
sweep = case + ["--run.precision=float64", "--sampling.oversample=3", "--crystal.mosaic_domains=4", "--sweep.kind=random",
                f"--sweep.count={frames}", "--run.wave=2", "--run.progress=lines", "--run.report_every=0.01", "--output=out.nxs"]
def start(arguments, ranks=0, ignored=(), environment=None):
    def child():
        for number in ignored: signal.signal(number, signal.SIG_IGN)
    command = (mpiexec + ["-n", str(ranks)] if ranks else []) + [program, "simulate"] + arguments
    return subprocess.Popen(command, stdout=open("log", "w"), stderr=subprocess.PIPE, preexec_fn=child, text=True,
                            env=dict(os.environ, **(environment or {})))
def progress():
    try: return json.load(open("out.nxs.progress.json"))
    except (OSError, ValueError): return {}
def await_frames(process):
    begin = time.time()
    while process.poll() is None and time.time() - begin < 60 and not re.search("^[1-9][0-9]*/", open("log").read(), re.M):
        time.sleep(0.02)
def ranks_of(launcher):
    found = []
    for task in os.listdir(f"/proc/{launcher}/task"):
        for pid in open(f"/proc/{launcher}/task/{task}/children").read().split():
            own = os.path.samefile(f"/proc/{pid}/exe", os.environ["TESSERA"])
            found += [int(pid)] if own else ranks_of(pid) # some launchers start ranks through others
    return found
def stopped(name, process, seconds=30.0):
    begin = time.time()
    message = process.communicate()[1]
    took = time.time() - begin
    told = re.search(r"tessera: error: stopped: (\d+) of 200 frames are safe in out.nxs.partial; the same command with --resume goes on\n", message)
    if process.returncode != 75 or not told: return fail(name, process.returncode, message)
    state = progress()
    if state.get("state") != "stopped" or not state.get("message", "").startswith("stopped: "): fail(name, state)
    left = sorted(n for n in os.listdir(".") if n.startswith("out.nxs"))
    if left != ["out.nxs.partial", "out.nxs.progress.json"]: fail(name, left)
    complete = subprocess.run([program, "describe", "out.nxs.partial", "--json"], capture_output=True, text=True).stdout
    if f'"complete_frames": {told.group(1)},' not in complete: fail(name, "safe:", told.group(1), "described:", complete[:400])
    if took > seconds: fail(name, f"took {took} s")
def once(number):
    process = start(sweep)
    await_frames(process)
    process.send_signal(getattr(signal, "SIG" + number))
    stopped(number, process)
def one_rank():
    process = start(sweep, 3)
    await_frames(process)
    os.kill(ranks_of(process.pid)[2], signal.SIGINT)
    stopped("INT to one of three ranks", process)
# ^C at a terminal: mpirun ends itself and kills; finished frames and an immediate --resume are promised.
def terminal():
    few = [word.replace("=200", "=40") for word in sweep]
    process = start(few, 3)
    await_frames(process)
    process.send_signal(signal.SIGINT)
    process.communicate()
    if process.returncode == 0: fail("^C under mpirun:", process.returncode)
    again = subprocess.run(mpiexec + ["-n", "3", program, "simulate"] + few + ["--resume", "--quiet"],
                           capture_output=True, text=True)
    if again.returncode != 0: fail("^C under mpirun, --resume:", again.stderr)
# ignored at the start
def ignored(number):
    value = getattr(signal, "SIG" + number)
    process = start([word.replace("=200", "=4") for word in sweep], ignored=[value])
    await_frames(process)
    process.send_signal(value)
    message = process.communicate()[1]
    if process.returncode != 0 or not os.path.exists("out.nxs"): fail("ignored", number, process.returncode, message)
# a second signal: while a long frame is computed, and while a write does not come back
long = case + ["--run.precision=float64", "--sampling.oversample=24", "--crystal.mosaic_domains=240", "--run.grace=1000",
               "--output=out.nxs", "--quiet"]
hangs = {"LD_PRELOAD": tools + "/libhang_in_write.so", "HANG_RANK": "0", "HANG_AT": "1"}
slow_disk = [word.replace("fast_pixels=96", "fast_pixels=400") for word in sweep] + ["--sampling.oversample=1"]
def twice(name, arguments, ranks, environment):
    process = start(arguments, ranks, environment=environment)
    begin = time.time()
    while not os.path.exists("out.nxs.partial") and process.poll() is None and time.time() - begin < 30: time.sleep(0.02)
    time.sleep(0.5)
    target = process.pid if not ranks else ranks_of(process.pid)[0]
    os.kill(target, signal.SIGTERM)
    time.sleep(0.3)
    os.kill(target, signal.SIGTERM)
    begin = time.time()
    while os.path.exists("out.nxs.lock") and time.time() - begin < 10: time.sleep(0.02)
    if time.time() - begin > 2.0: fail("twice,", name, f"took {time.time() - begin} s")
    message = process.communicate()[1] # mpirun waits for a second and more before it kills the others
    if process.returncode != 75 or message.count("tessera: error: stopped") != 1: fail("twice,", name, process.returncode, message)
# serial commands
def quiet(*arguments): subprocess.run([program, *arguments], check=True, stdout=subprocess.DEVNULL)
def serial(name, *arguments):
    quiet("simulate", *case, "--detector.fast_pixels=400", "--sampling.phi_steps=1", "--crystal.mosaic_domains=1", "--sweep.kind=random",
          "--sweep.count=3", "--output=whole.nxs", "--quiet")
    whole = open("whole.nxs", "rb").read()
    before = sorted(os.listdir("."))
    for number in (signal.SIGINT, signal.SIGTERM):
        for moment in range(3):
            process = subprocess.Popen([program, name, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(0.004 + 0.006 * moment)
            process.send_signal(number)
            message = process.communicate()[1]
            left = sorted(os.listdir("."))
            half = [file for file in left if file.endswith((".partial", ".packed", ".lock")) or ".lock." in file]
            if half or process.returncode not in (0, 75, -number): fail(name, number, moment, process.returncode, message, left)
            if open("whole.nxs", "rb").read() != whole:
                if process.returncode != 0: fail(name, number, moment, "whole.nxs has changed")
                open("whole.nxs", "wb").write(whole)
            for file in set(left) - set(before): os.remove(file)
# Each in a folder and a process of its own, some at a time: starting and ending is mostly waiting.
cases = [(twice, "a long frame", long, 0, {}), (twice, "a long frame, 2 ranks", long, 2, {}), (twice, "a write that hangs", slow_disk, 0, hangs)]
cases += [(once, number) for number in "HUP INT XCPU USR1 ALRM".split()] + [(one_rank,), (terminal,), (ignored, "HUP"), (ignored, "INT")]
cases += [(serial, "export", "whole.nxs", "--frames", "0:3", "--expected", "--format", "raw", "--output", "e_#.raw"),
          (serial, "merge", "m.nxs", "whole.nxs"), (serial, "compress", "whole.nxs", "--with", "deflate")]
ended = []
for place, (function, *given) in enumerate(cases):
    if place >= 4: ended.append(os.wait()[1])
    if os.fork() == 0:
        bad = 2 # where the case does not come to its end
        try:
            os.mkdir(str(place))
            os.chdir(str(place))
            bad = 0
            function(*given)
        except Exception as fault:
            fail(function.__name__, *given, repr(fault))
        finally:
            sys.stderr.flush()
            os._exit(bad)
while len(ended) < len(cases): ended.append(os.wait()[1])
sys.exit(any(ended))
P
finish
