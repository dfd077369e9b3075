# shellcheck shell=bash
# What the scripts of tests/slurm share: a SLURM of virtual nodes on this machine, a sweep, and ways to submit and wait.
# Sourced with TESSERA, SOURCE, MPIEXEC and TOOLS in the environment.
. "$SOURCE/tests/support/case.sh"
export TESSERA JOBS=$SOURCE/jobs
# folders that other tests keep their shared memory in are not there on the nodes
unset OMPI_MCA_btl_vader_backing_directory OMPI_MCA_osc_sm_backing_directory OMPI_MCA_orte_tmpdir_base
cluster() { # cluster NODES CPUS: starts it; it goes when the script ends
    SLURM_SANDBOX_DIR=$(mktemp -d /tmp/tessera-slurm.XXXXXX) # the sockets' names must be short
    export SLURM_SANDBOX_DIR
    trap '"$SOURCE/tests/support/slurm_sandbox.sh" down > down.log 2>&1; rm -rf "$SLURM_SANDBOX_DIR"' EXIT
    trap 'exit 130' INT TERM
    "$SOURCE/tests/support/slurm_sandbox.sh" up "$@" > up.log 2>&1 || { cat up.log; exit 1; }
    eval "$("$SOURCE/tests/support/slurm_sandbox.sh" env)"
}
state_of() { # state_of JOB: state, exit code and number of restarts, as "COMPLETED 0:0 1"
    scontrol show job "$1" | tr ' ' '\n' |
        awk -F= '$1 == "JobState" { s = $2 } $1 == "ExitCode" { c = $2 } $1 == "Restarts" { r = $2 } END { print s, c, r }'
}
await() { # await SECONDS COMMAND...: until it succeeds
    local last=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $last ] || { fail "waited in vain for: $*"; squeue; return 1; }
        sleep 0.3
    done
}
ended() { # ended JOB
    case $(state_of "$1") in PENDING* | RUNNING* | COMPLETING* | CONFIGURING* | REQUEUED* | SUSPENDED*) return 1 ;; esac
}
begun() { # begun FILE: a frame of it is complete; the waves take no lock, so it can be read
    HDF5_USE_FILE_LOCKING=FALSE "$TESSERA" describe "$1" 2> /dev/null | grep -q '^complete   [1-9]'
}
expect() { # expect NAME JOB STATE...: how it ends, the states as state_of gives them
    local name=$1 job=$2
    shift 2
    await 400 ended "$job"
    # shellcheck disable=SC2053 # a pattern
    [[ $(state_of "$job") == $* ]] || fail "$name: job $job: $(state_of "$job"), not $*: $(cat ./*"$job"*.log)"
}
same_images() { # same_images NAME FILE REFERENCE: complete, with its name, and the same bytes
    [ -e "$2" ] && [ ! -e "$2.partial" ] || { fail "$1: $2 is not complete"; return; }
    [ "$(images_of "$2")" = "$(images_of "$3")" ] || fail "$1: $2 has other images than $3"
    "$TESSERA" describe "$2" | grep -q '^missing    0$' || fail "$1: $2 misses frames"
}
