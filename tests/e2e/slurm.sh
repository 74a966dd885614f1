# tests/e2e/slurm.sh -- a fleet as an array of Slurm's, on this machine alone: the same content as a single run, also when tasks are killed.
. "$(dirname "$0")/lib.sh"
export TMPDIR=$T
PATH=$PATH:/usr/sbin:/sbin
cd "$T" || exit 1

content() { sqlite3 "$1" 'SELECT * FROM boards ORDER BY id' | sha256sum; }
same() { [ -n "$(sqlite3 "$1" 'SELECT 1 FROM boards LIMIT 1')" ] && [ "$(content "$1")" = "$(content "$2")" ]; }
rows() { sqlite3 "$1" 'SELECT count(*) FROM boards' 2>/dev/null || echo 0; }

mkdir models
cp "$DEMO/keyword.tflite" models/
scenario() { # scenario NAME SEED
    cat >"$1.yaml" <<END
name: $1
seed: $2
groups:
  - {name: kitchen, board: esp32, count: 300, model: keyword.tflite, switch_on_s: 600}
  - {name: hall, board: esp32-s3, count: 100, model: keyword.tflite, store: ab-crc}
server: {folder: models, offline: true}
faults:
  - {kind: power-cut, percent: 8}
  - {kind: full-storage, percent: 8, value: 1}
  - {kind: failed-alloc, percent: 8}
END
}
scenario fleet 11
scenario other 12
thimble fleet run fleet.yaml -o one.db
expect "single_run__is_done" 0 '400 of 400 boards'

# ---- which shard, without Slurm ----

share() { # share NAME STATUS PATTERN VARIABLE=VALUE...
    rm -f share.db
    env "${@:4}" "$THIMBLE" fleet run fleet.yaml --boards 16 -o share.db >out 2>err
    STATUS=$?
    expect "$1" "$2" "$3"
}
share "array__with_steps_of_2" 0 ': 4 of 16 boards' SLURM_ARRAY_TASK_ID=6 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_MIN=2 SLURM_ARRAY_TASK_MAX=8 \
    SLURM_ARRAY_TASK_STEP=2
[ "$(sqlite3 share.db 'SELECT group_concat(id) FROM boards')" = 2,6,10,14 ]
ok "array__with_steps_of_2_has_its_boards" $?
share "array__with_gaps_is_refused" 2 'give --shard' SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=1 \
    SLURM_ARRAY_TASK_MAX=7 SLURM_ARRAY_TASK_STEP=1
share "array__of_one_task_is_all" 0 ': 16 of 16 boards' SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_TASK_COUNT=1
share "batch_script__is_no_step" 0 ': 16 of 16 boards' SLURM_PROCID=0 SLURM_NTASKS=4
share "open_mpi__rank_is_the_shard" 0 ': 8 of 16 boards' OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2
share "pmi__that_says_the_same_as_srun_is_fine" 0 ': 4 of 16 boards' PMI_RANK=3 PMI_SIZE=4 SLURM_PROCID=3 SLURM_STEP_NUM_TASKS=4
share "engines__that_disagree_are_refused" 2 'shard 1/2 by srun, or 3/4 by PMI' PMI_RANK=3 PMI_SIZE=4 SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=2
share "rank__that_is_no_number_is_none" 0 ': 16 of 16 boards' PMI_RANK=x PMI_SIZE=4

# ---- a cluster of this machine ----

for program in slurmctld slurmd sbatch setpriv hostname; do
    command -v $program >/dev/null || { skip "array" "no $program: scripts/setup installs slurm-wlm"; finish; exit; }
done

free_ports() {
    python3 -c 'import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in sockets))'
}

# Nothing of it outlives this script, whatever ends that.
daemon() {
    setpriv --pdeathsig KILL "$@" >>daemons.log 2>&1 &
    SERVERS=($! "${SERVERS[@]}") # stopped in the opposite order
}

stop_jobs() {
    scancel --quiet --state=PENDING --user="$(id -un)" 2>/dev/null
    scancel --quiet --signal=KILL --full --user="$(id -un)" 2>/dev/null
    for _ in $(seq 100); do
        [ -n "$(squeue --noheader --states=running,completing 2>/dev/null)" ] || break
        sleep 0.1
    done
}

chmod 755 "$T"
auth="AuthType=auth/none
CredType=cred/none"
if [ "$(id -u)" -eq 0 ] && command -v munged >/dev/null; then
    head -c 1024 /dev/urandom >munge.key
    chmod 600 munge.key
    daemon munged --foreground --force --key-file="$T/munge.key" --socket="$T/munge.socket" --pid-file="$T/munged.pid" --log-file="$T/munged.log" \
        --seed-file="$T/munge.seed"
    auth="AuthType=auth/munge
CredType=cred/munge"
    for _ in $(seq 100); do
        munge -S "$T/munge.socket" -n >/dev/null 2>&1 && break
        sleep 0.05
    done
fi
read -r port1 port2 < <(free_ports)
host=$(hostname -s)
mkdir state spool
cat >slurm.conf <<END
ClusterName=thimble
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
$auth
AuthInfo=socket=$T/munge.socket,cred_expire=6
SlurmctldPort=$port1
SlurmdPort=$port2
StateSaveLocation=$T/state
SlurmdSpoolDir=$T/spool
SlurmctldPidFile=$T/slurmctld.pid
SlurmdPidFile=$T/slurmd.pid
SlurmctldLogFile=$T/slurmctld.log
SlurmdLogFile=$T/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF=$T/slurm.conf
trap 'stop_jobs; cleanup' EXIT
daemon slurmctld -D -f "$T/slurm.conf"
daemon slurmd -D -f "$T/slurm.conf"
for _ in $(seq 300); do
    [ "$(sinfo --noheader --format=%T 2>/dev/null)" = idle ] && break
    sleep 0.1
done
[ "$(sinfo --noheader --format=%T 2>err)" = idle ] || { tail -n 20 slurmctld.log slurmd.log munged.log daemons.log >&2; ok "cluster__is_ready" 1; finish; exit 1; }
ok "cluster__is_ready" 0

# ---- the array, and its merging ----

scripts=$THIMBLE_SOURCE/scripts/slurm
export THIMBLE
submit() { sbatch --parsable --output="$T/job-%A-%a.out" "$@" 2>err; }
wait_for() { # wait_for JOB...: until none of them is waiting or running
    local jobs
    jobs=$(IFS=,; echo "$*")
    for _ in $(seq 900); do
        [ -n "$(squeue --noheader --jobs="$jobs" --states=all --format=%t 2>/dev/null | grep -vE '^(CD|F|CA|NF|TO)$')" ] || return 0
        sleep 0.1
    done
    return 1
}
states() { squeue --noheader --array --states=all --jobs="$1" --format=%T | sort | uniq -c | tr -s ' \n' ' '; }

job=$(submit --array=0-3 "$scripts/fleet.sbatch" fleet.yaml "$T/shards")
merge=$(submit --dependency="afterok:$job" "$scripts/merge.sbatch" "$T/shards")
wait_for "$job" "$merge"
cat job-* >out 2>/dev/null
[ "$(states "$job")" = ' 4 COMPLETED ' ] && [ "$(states "$merge")" = ' 1 COMPLETED ' ]
ok "array__runs_four_tasks_and_then_merges" $?
[ "$(rows shards/shard-2.db)" -eq 100 ] && [ "$(rows shards/shard-3.db)" -eq 100 ]
ok "array__each_task_has_its_quarter" $?
same one.db shards/fleet.db
ok "array__has_the_same_content_as_a_single_run" $?

before=$(sha256sum <(sqlite3 shards/fleet.db .dump))
job=$(submit --array=0-3 "$scripts/fleet.sbatch" fleet.yaml "$T/shards")
wait_for "$job"
merge=$(submit "$scripts/merge.sbatch" "$T/shards")
wait_for "$merge"
[ "$(states "$job,$merge")" = ' 5 COMPLETED ' ]
ok "array__done_again_does_nothing_and_succeeds" $?
[ "$before" = "$(sha256sum <(sqlite3 shards/fleet.db .dump))" ]
ok "merge__twice_changes_nothing" $?

job=$(submit --array=0-3 "$scripts/fleet.sbatch" other.yaml "$T/shards")
wait_for "$job"
[ "$(states "$job")" = ' 4 FAILED ' ] && grep -q 'has the shards of another scenario' "job-$job-0.out" && same one.db shards/fleet.db
ok "array__into_another_scenarios_folder_is_refused" $?
thimble fleet run other.yaml -o shards/shard-4.db --shard 0/4
merge=$(submit "$scripts/merge.sbatch" "$T/shards")
wait_for "$merge"
[ "$(states "$merge")" = ' 1 FAILED ' ] && grep -q 'another scenario' job-"$merge"-*.out && same one.db shards/fleet.db
ok "merge__of_mixed_scenarios_is_refused" $?

# shellcheck disable=SC2016
srun --quiet -n 2 sh -c '"$THIMBLE" fleet run fleet.yaml -o "step-$SLURM_PROCID.db" --quiet' >out 2>err
ok "srun__tasks_are_shards" $?
thimble fleet merge steps.db step-0.db step-1.db
[ "$(rows step-1.db)" -eq 200 ] && same one.db steps.db
ok "srun__has_the_same_content_as_a_single_run" $?

# ---- a task that is killed, and run again ----

# kill_task FOLDER TASK HOW...: when it has begun to write rows
kill_task() {
    local database=$1/shard-$2.db pid
    for _ in $(seq 600); do
        [ "$(rows "$database")" -gt 0 ] && break
        sleep 0.02
    done
    pid=$(pgrep -o -f "fleet run .*$database")
    [ -n "$pid" ] && [ "$(rows "$database")" -gt 0 ] && "${@:3}" "$pid"
}
sed 's/count: 300/count: 1200/; s/count: 100/count: 400/' fleet.yaml >slow.yaml
thimble fleet run slow.yaml -o whole.db
job=$(submit --array=0-3 "$scripts/fleet.sbatch" slow.yaml "$T/killed")
kill_task "$T/killed" 2 kill -KILL
ok "task__is_killed_while_it_runs" $?
wait_for "$job"
[ "$(states "$job")" = ' 3 COMPLETED 1 FAILED ' ] && [ "$(rows killed/shard-2.db)" -lt 400 ]
ok "task__killed_alone_fails_and_is_not_done" $?
left=$(rows killed/shard-2.db)
scontrol requeue "${job}_2" 2>err
wait_for "$job"
[ "$(states "$job")" = ' 4 COMPLETED ' ] && [ "$left" -lt "$(rows killed/shard-2.db)" ]
ok "task__requeued_goes_on" $?
merge=$(submit "$scripts/merge.sbatch" "$T/killed") # afterok would remember the failure
wait_for "$merge"
same whole.db killed/fleet.db
ok "task__killed_and_requeued_gives_the_same_content" $?

job=$(submit --array=0-3 "$scripts/fleet.sbatch" slow.yaml "$T/cancelled")
cancel() { scancel --full "${job}_1"; }
kill_task "$T/cancelled" 1 cancel
wait_for "$job"
cancelled=$(rows cancelled/shard-1.db)
again=$(submit --array=0-3 "$scripts/fleet.sbatch" slow.yaml "$T/cancelled")
merge=$(submit --dependency="afterok:$again" "$scripts/merge.sbatch" "$T/cancelled")
wait_for "$again" "$merge"
[ "$cancelled" -lt 400 ] && same whole.db cancelled/fleet.db
ok "task__cancelled_and_submitted_again_gives_the_same_content" $?
finish
