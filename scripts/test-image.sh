#!/bin/bash
# Build the image for real and run it both ways against the simulator: `make test-image`.
#
# Needs root, buildah, podman, runc and debootstrap (Debian: apt-get install buildah podman runc
# debootstrap) and installs nothing itself. No daemon and no container registry: the base image is
# made by debootstrap, and pip takes its configuration from this machine without leaving any of it
# in the image. docs/how-to/run-in-docker.md tells more.
#
#   IMAGE_TEST_BASE    a base image to pull instead, such as python:3.13-slim-bookworm
#   IMAGE_TEST_MIRROR  where debootstrap gets Debian from
#   IMAGE_TEST_DIR     where everything is kept (3 GB; only the base image stays)
#   IMAGE_TEST_BUILDS  1 leaves out the second build, which proves that builds are reproducible
set -euo pipefail
cd "$(dirname "$0")/.."

DIR=${IMAGE_TEST_DIR:-${TMPDIR:-/tmp}/hostaway-message-db-image-test}
MIRROR=${IMAGE_TEST_MIRROR:-http://deb.debian.org/debian}
PYTHON=${PYTHON:-.venv/bin/python}
SIMULATOR=$(dirname "$PYTHON")/hostaway-message-db
IMAGE=localhost/hostaway-message-db
PROBE="probe-$$-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')"
BUILD_TIMEOUT=1800
CHECKS=0

step() { printf '\n== %s\n' "$*"; }
stop() {
    printf 'test-image: FAILED: %s\n' "$*" >&2
    exit 1
}
good() {
    CHECKS=$((CHECKS + 1))
    printf '   good: %s\n' "$*"
}
# expect SENTENCE COMMAND...: the command must succeed.
expect() {
    local sentence=$1
    shift
    "$@" || stop "$sentence"
    good "$sentence"
}
# expect_code SENTENCE CODE COMMAND...: the command must end with the exit code; keeps its output.
expect_code() {
    local sentence=$1 wanted=$2 code=0
    shift 2
    "$@" >"$DIR/out" 2>"$DIR/err" || code=$?
    if [ "$code" -ne "$wanted" ]; then
        cat "$DIR/out" "$DIR/err" >&2
        stop "$sentence: exit code $code instead of $wanted"
    fi
    good "$sentence (exit code $code)"
}
# wait_for SECONDS COMMAND...
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" 2>/dev/null; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.5
    done
}

# ---------------------------------------------------------------- what is needed

missing=()
tools=(buildah podman runc)
[ -n "${IMAGE_TEST_BASE:-}" ] || tools+=(debootstrap)
for tool in "${tools[@]}"; do command -v "$tool" >/dev/null || missing+=("$tool"); done
[ "${#missing[@]}" -eq 0 ] || stop "install ${missing[*]} first (Debian: apt-get install ${missing[*]})."
[ "$(id -u)" -eq 0 ] || stop "run it as root: it mounts file systems."
[ -x "$SIMULATOR" ] || stop "there is no $SIMULATOR: run make setup first."

mkdir -p "$DIR"
DIR=$(cd "$DIR" && pwd)
export TMPDIR="$DIR/tmp"
driver=vfs
mkdir -p "$DIR"/{tmp,probe/{lower,upper,work,merged},volumes,networks}
if mount -t overlay overlay "$DIR/probe/merged" -o \
    "lowerdir=$DIR/probe/lower,upperdir=$DIR/probe/upper,workdir=$DIR/probe/work" 2>/dev/null; then
    umount "$DIR/probe/merged"
    driver=overlay
fi
STORE=(--root "$DIR/store" --runroot "$DIR/run" --storage-driver "$driver")
b() { buildah --log-level error "${STORE[@]}" "$@"; }
p() {
    podman --log-level fatal "${STORE[@]}" --runtime runc --cgroup-manager cgroupfs \
        --volumepath "$DIR/volumes" --events-backend none "$@"
}
# Lowered limits, so that runc may set them on a machine that has lower ones than its default.
RUN=(--network host --ulimit nofile=1024:2048 --ulimit nproc=4096:4096)

simulator_pid=
index_pid=
clean_up() {
    code=$?
    trap '' INT TERM
    [ -z "$simulator_pid" ] || kill "$simulator_pid" 2>/dev/null || :
    [ -z "$index_pid" ] || kill "$index_pid" 2>/dev/null || :
    p rm --all --force --time 5 >/dev/null 2>&1 || :
    p image umount --all >/dev/null 2>&1 || :
    p volume prune --force >/dev/null 2>&1 || :
    p rmi --all --force >/dev/null 2>&1 || :
    rm -rf "$DIR/store" "$DIR/run" "$DIR/tmp" "$DIR/probe" "$DIR/volumes" "$DIR/networks" \
        "$DIR/context" "$DIR/index" "$DIR"/{env*,pip.conf,cert,local,index.py} 2>/dev/null || :
    [ "$code" -eq 0 ] || echo "test-image: ended with exit code $code after $CHECKS good checks." >&2
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---------------------------------------------------------------- the base image

if [ -n "${IMAGE_TEST_BASE:-}" ]; then
    step "Base image: $IMAGE_TEST_BASE"
    BASE=$IMAGE_TEST_BASE
    b pull --quiet "$BASE" >/dev/null || stop "$BASE could not be pulled."
else
    BASE=localhost/test-base
    if [ ! -f "$DIR/base.tar" ]; then
        step "Base image: Debian bookworm with its Python, by debootstrap (kept in $DIR/base.tar)"
        rm -rf "$DIR/base"
        debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates \
            bookworm "$DIR/base" "$MIRROR" >"$DIR/debootstrap.log" 2>&1 ||
            stop "debootstrap did not succeed: see $DIR/debootstrap.log."
        rm -rf "$DIR"/base/var/{cache/apt,lib/apt/lists,log}/*
        tar -C "$DIR/base" --numeric-owner -cf "$DIR/base.tar.new" .
        rm -rf "$DIR/base"
        mv "$DIR/base.tar.new" "$DIR/base.tar"
    else
        step "Base image: from $DIR/base.tar"
    fi
    container=$(b from scratch 2>/dev/null)
    b add --quiet "$container" "$DIR/base.tar" / >/dev/null
    b commit --quiet "$container" "$BASE" >/dev/null 2>&1
    b rm "$container" >/dev/null
fi
echo "   storage driver $driver, $(podman --version), $(buildah --version | cut -d' ' -f1-3), $(runc --version | head -1)"

# ---------------------------------------------------------------- the builds

# What this machine's pip knows, as one file. Its local directories are served on loopback, which
# the build shares: mounted ones would leave their mount points in the image.
cat >"$DIR/index.py" <<'PYTHON'
import ast, functools, http.server, subprocess, sys
from pathlib import Path

folder = Path(sys.argv[1])
served = folder / "index"
listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], text=True,
                        capture_output=True, check=True).stdout
kept = {"cert", "extra-index-url", "find-links", "index-url", "no-index", "proxy", "timeout",
        "trusted-host"}
options = {}
for line in listed.splitlines():
    name, _, value = line.partition("=")
    option = name.rpartition(".")[2]
    if option in kept:
        options.setdefault(option, {})[name.startswith(":env:")] = ast.literal_eval(value)
merged = {option: values.get(True, values.get(False)) for option, values in options.items()}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(
    ("127.0.0.1", 0), functools.partial(Quiet, directory=served)
)
address = f"http://127.0.0.1:{server.server_port}"
local = []


def seen_from_the_build(token):
    path = Path(token.removeprefix("file://"))
    if not path.is_absolute() or not path.is_dir():
        return token
    # The pages of a simple index point at files beside it.
    root, rest = (path.parent, "simple/") if path.name == "simple" else (path, "")
    local.append(str(root))
    number = len(local)
    (served / str(number)).symlink_to(root)
    return f"{address}/{number}/{rest}"


lines = [
    f"{option} = {value if option == 'cert' else ' '.join(map(seen_from_the_build, str(value).split()))}"
    for option, value in merged.items()
]
(folder / "local").write_text("".join(f"{path}\n" for path in local))
(folder / "cert").write_text(str(merged.get("cert", "")))
(folder / "pip.conf").write_text("\n".join(["[global]", *lines, ""]))
server.serve_forever()
PYTHON
rm -rf "$DIR/index" "$DIR/pip.conf"
mkdir "$DIR/index"
"$PYTHON" "$DIR/index.py" "$DIR" &
index_pid=$!
wait_for 30 test -s "$DIR/pip.conf" || stop "the packages of this machine could not be served."
mounts=()
cert=$(cat "$DIR/cert")
[ -z "$cert" ] || mounts=(--volume "$cert:$cert:ro")

# One state of the working tree for both builds, whoever is editing it meanwhile.
rm -rf "$DIR/context"
mkdir -p "$DIR/context"
cp -a Dockerfile .dockerignore LICENSE README.md daily_job.py deploy pyproject.toml \
    requirements.txt src "$DIR/context/"

build() {
    local begin=$SECONDS
    timeout "$BUILD_TIMEOUT" buildah --log-level error "${STORE[@]}" build --isolation chroot \
        --format docker --no-cache --build-arg "BASE_IMAGE=$BASE" "${mounts[@]}" \
        --secret "id=pip.conf,src=$DIR/pip.conf" --tag "$1" "$DIR/context" >"$DIR/build.log" 2>&1 || {
        tail -40 "$DIR/build.log" >&2
        stop "the image could not be built: see $DIR/build.log."
    }
    good "built in $((SECONDS - begin)) s"
}
# Every file with its kind, mode, owner, link and content; no times.
manifest() {
    local root
    root=$(p image mount "$1")
    (cd "$root" && find . -xdev \( -type f -printf '%p %y %m %U:%G ' -exec sha256sum {} \; \
        -o -printf '%p %y %m %U:%G %l\n' \)) | sed 's/ \([0-9a-f]\{64\}\)  .*/ \1/' | LC_ALL=C sort
}

step "Build"
build "$IMAGE"
manifest "$IMAGE" >"$DIR/manifest.1"
ROOT=$(p image mount "$IMAGE")
megabytes() { p image inspect --format '{{.Size}}' "$1" | awk '{printf "%.0f MB", $1 / 1000000}'; }
echo "   size: $(megabytes "$IMAGE"), of which the base image is $(megabytes "$BASE")"
echo "         $(du -sm "$ROOT/opt/venv" | cut -f1) MB of Python packages," \
    "$(du -sm "$ROOT"/opt/venv/lib/python3*/site-packages/fiftyone | cut -f1) MB of them mongod"

if [ "${IMAGE_TEST_BUILDS:-2}" -gt 1 ]; then
    step "Build again, from nothing"
    build "$IMAGE:again"
    manifest "$IMAGE:again" >"$DIR/manifest.2"
    diff "$DIR/manifest.1" "$DIR/manifest.2" >"$DIR/manifest.diff" || {
        head -20 "$DIR/manifest.diff" >&2
        stop "two builds gave different files: see $DIR/manifest.diff."
    }
    good "two builds gave the same $(wc -l <"$DIR/manifest.1") files: contents, modes and owners"
    p rmi --force "$IMAGE:again" >/dev/null 2>&1 || :
fi

step "What is in the image"
nothing() { # nothing SENTENCE FIND-ARGUMENTS...
    local sentence=$1 found
    shift
    found=$(find "$ROOT" -xdev "$@" -print | head -5)
    [ -z "$found" ] || stop "$sentence, but there is $found"
    good "$sentence"
}
nothing "no compiler and no build tool" \( -path '*/bin/*gcc*' -o -path '*/bin/cc' -o -path '*/bin/make' \
    -o -path '*/bin/pip*' -path "$ROOT/opt/*" -o -name 'hatchling*' \)
nothing "no cache of pip, no lists of apt, no leftover of the build" \( -path '*/.cache/pip' \
    -o -path '*/var/lib/apt/lists/?*' -o -path '*/var/cache/apt/?*' -o -path "$ROOT/build" \
    -o -path "$ROOT/product" \)
nothing "no configuration of pip, no .env" \( -name pip.conf -o -name .env \)
nothing "no file of the product that its user may change" -path "$ROOT/opt/*" ! -type l \
    \( -perm /022 -o -uid 10001 \)
"$PYTHON" - "$ROOT/opt/venv" <<'PYTHON' || stop "bytecode would be looked at again at every start"
import sys
from pathlib import Path

compiled = [path for path in Path(sys.argv[1]).rglob("*.pyc")]
flags = {path.read_bytes()[4:8] for path in compiled}
sys.exit(flags != {b"\x01\0\0\0"} or len(compiled) < 1000)
PYTHON
good "all bytecode is there, and valid whatever the time of its source"
hosts=$("$PYTHON" - "$DIR/pip.conf" <<'PYTHON'
import sys
from pathlib import Path
from urllib.parse import urlsplit

tokens = Path(sys.argv[1]).read_text().split()
print(*{h for t in tokens if (h := urlsplit(t).netloc) and h != "pypi.org"})
PYTHON
)
for host in $hosts; do
    ! grep -rlF --binary-files=without-match "$host" "$ROOT/opt" "$ROOT/etc" "$ROOT/app" "$ROOT/usr/local" ||
        stop "the image names the package index of this machine."
done
while read -r path; do
    [ ! -e "$ROOT$path" ] || stop "the image has the directory $path of this machine."
done <"$DIR/local"
good "nothing of this machine's package index"
[ "$(p image inspect --format '{{.Config.User}}' "$IMAGE")" = 10001:10001 ] || stop "the user is not 10001"
good "the image's user is 10001:10001"

# ---------------------------------------------------------------- the runs

step "The simulator, on this machine's loopback"
"$SIMULATOR" simulate --port 0 --conversations 40 --unlimited >"$DIR/simulator.env" 2>"$DIR/simulator.log" &
simulator_pid=$!
wait_for 30 grep -q API_KEY "$DIR/simulator.env" || stop "the simulator did not start: see $DIR/simulator.log."
{
    cat "$DIR/simulator.env"
    echo HOSTAWAY_REQUEST_DELAY=0.01
    echo SMTP_USERNAME=somebody
    echo "SMTP_PASSWORD=$PROBE"
} >"$DIR/env"
chmod 0600 "$DIR/env"
KEY=$(sed -n 's/^HOSTAWAY_API_KEY=//p' "$DIR/env")
cat "$DIR/simulator.log" | sed 's/^/   /'
figure() { "$PYTHON" -c 'import json, sys; print(eval(sys.argv[2], json.load(open(sys.argv[1]))))' "$DIR/out" "$1"; }

step "docker run --env-file .env -v logs:/app/logs hostaway-message-db"
expect_code "one run of the daily job, as written" 0 \
    p run --rm "${RUN[@]}" --env-file "$DIR/env" -v logs:/app/logs "$IMAGE"
expect "it says that it is complete" grep -q "Complete initial run" "$DIR/out"
expect "it warns that the database goes with the container" grep -q "add -v data:/app/data" "$DIR/err"
expect "the log is on the volume, and the image's user owns it" \
    test "$(stat -c '%u %a' "$(ls "$DIR"/volumes/logs/_data/hostaway-message-db-*.log | head -1)")" = "10001 640"

step "The same with a volume for the data"
begin=$SECONDS
expect_code "a first run" 0 p run --rm "${RUN[@]}" --env-file "$DIR/env" -v logs:/app/logs \
    -v data:/app/data "$IMAGE"
echo "   took $((SECONDS - begin)) s in all"
expect_code "status --json" 0 p run --rm "${RUN[@]}" -v data:/app/data "$IMAGE" status --json
stored=$(figure 'counts["messages"]' 2>/dev/null || figure 'stored["messages"]')
expect "$stored messages are stored" test "$stored" -gt 0
expect_code "sync --json (ours, and not coreutils')" 0 p run --rm "${RUN[@]}" --env-file "$DIR/env" \
    -v data:/app/data "$IMAGE" sync --json
expect "it was an update that wrote nothing" \
    test "$(figure '(mode, is_complete, messages["inserted"], messages["updated"])')" = "('incremental', True, 0, 0)"
expect_code "read-only, without capabilities and new privileges" 0 p run --rm "${RUN[@]}" --read-only \
    --cap-drop all --security-opt no-new-privileges --env-file "$DIR/env" -v logs:/app/logs \
    -v data:/app/data "$IMAGE"
expect_code "python daily_job.py" 0 p run --rm "${RUN[@]}" --env-file "$DIR/env" -v data:/app/data \
    "$IMAGE" python daily_job.py

step "The REST API"
p run --detach --name api "${RUN[@]}" --read-only --tmpfs /tmp --cap-drop all \
    --security-opt no-new-privileges --env WEB_PORT=18099 -v data:/app/data -v logs:/app/logs \
    "$IMAGE" serve >/dev/null
# As the health check of compose.yaml asks, from within.
api_asks() { p exec api /opt/venv/bin/python -ISc "from urllib.request import urlopen
print(urlopen('http://127.0.0.1:18099$1', timeout=5).read().decode()[:200])" 2>/dev/null; }
expect "it lives" wait_for 60 api_asks /healthz
expect "it is ready, on the embedded database" wait_for 30 api_asks /readyz
expect "the page of the API loads its parts from here" api_asks /docs
p stop --time 30 api >/dev/null
expect "stopped with exit code 130" test "$(p inspect --format '{{.State.ExitCode}}' api)" = 130
p rm api >/dev/null
expect_code "without keys it serves nobody else" 78 p run --rm "${RUN[@]}" --env WEB_HOST=0.0.0.0 \
    "$IMAGE" serve

step "Exit codes"
expect_code "no credentials" 78 p run --rm "${RUN[@]}" "$IMAGE"
expect_code "cron with no credentials never starts to wait" 78 p run --rm "${RUN[@]}" -v logs:/app/logs \
    "$IMAGE" bash -c "cron && tail -f /app/logs/cron.log"
expect_code "an unknown command" 127 p run --rm "${RUN[@]}" "$IMAGE" no-such-command
expect_code "a command that was killed" 137 p run --rm "${RUN[@]}" "$IMAGE" bash -c 'kill -9 $$'
expect_code "a volume that root owns is named, with what to do" 73 p run --rm "${RUN[@]}" \
    --env-file "$DIR/env" --tmpfs /app/logs:mode=0700 "$IMAGE" cron
expect "the sentence says chown" grep -q "chown -R 10001:10001" "$DIR/err"

step "Stopped in the middle of a run"
sed 's/^HOSTAWAY_REQUEST_DELAY=.*/HOSTAWAY_REQUEST_DELAY=1/' "$DIR/env" >"$DIR/env.slow"
p run --detach --name slow "${RUN[@]}" --env-file "$DIR/env.slow" -v other:/app/data "$IMAGE" >/dev/null
slow_says() { p logs slow 2>&1 | grep "$@"; }
wait_for 60 slow_says -q "step=messages" || stop "the slow run did not get to the messages"
begin=$SECONDS
p stop --time 30 slow >/dev/null
expect "stopped within 10 s (took $((SECONDS - begin)))" test $((SECONDS - begin)) -lt 10
expect "exit code 130, interrupted" test "$(p inspect --format '{{.State.ExitCode}}' slow)" = 130
expect "mongod was closed in order" grep -q "Dbexit\|mongod shutdown complete\|Shutting down" \
    "$DIR/volumes/other/_data/mongodb/mongod.log"
p rm slow >/dev/null
expect_code "the next run goes on" 0 p run --rm "${RUN[@]}" --env-file "$DIR/env" -v other:/app/data "$IMAGE"
rm -f "$DIR/env.slow"

step 'docker run --env-file .env -v logs:/app/logs hostaway-message-db bash -c "cron && tail -f /app/logs/cron.log"'
# The due moment is moved to the next minute that leaves time to start.
due=$(date -u -d '+75 seconds' +%H:%M)
{
    cat "$DIR/env"
    echo "DAILY_JOB_TIME=$due"
} >"$DIR/env.cron"
chmod 0600 "$DIR/env.cron"
echo "   the daily job is due at $due UTC; it is $(date -u +%H:%M:%S)"
LOG=$DIR/volumes/cronlogs/_data/cron.log
p run --detach --name cron "${RUN[@]}" --env-file "$DIR/env.cron" -v cronlogs:/app/logs \
    -v crondata:/app/data "$IMAGE" bash -c "cron && tail -f /app/logs/cron.log" >/dev/null
wait_for 60 grep -q schedule_waiting "$LOG" || stop "the scheduler did not start: $(p logs cron 2>&1)"
good "cron.log exists, and the scheduler waits: $(grep -o 'next_run_at=[^ ]*' "$LOG" | head -1)"
cron_says() { p logs cron 2>&1 | grep "$@"; }
expect "tail shows the same on the container's output" wait_for 10 cron_says -q schedule_waiting

container_pids() {
    local first space
    first=$(p inspect --format '{{.State.Pid}}' cron)
    space=$(readlink "/proc/$first/ns/pid")
    for folder in /proc/[0-9]*; do
        [ "$(readlink "$folder/ns/pid" 2>/dev/null)" != "$space" ] || echo "${folder#/proc/}"
    done
}
none_is_root() {
    local pid count=0
    for pid in $(container_pids); do
        grep -q '^Uid:\s*10001\s10001\s10001\s10001$' "/proc/$pid/status" || {
            [ ! -d "/proc/$pid" ] || return 1
        }
        count=$((count + 1))
    done
    echo "   $count processes: $(for pid in $(container_pids); do tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null |
        cut -c1-60 | sed 's/$/;/'; done | tr '\n' ' ')"
    [ "$count" -ge 3 ]
}
expect "no process in the container is root" none_is_root

CRON_ROOT=$(p mount cron)
no_secret_on_disk() {
    local found
    # The simulator's own source names its key; every other file is looked at, also the volumes.
    found=$({
        grep -rlF -- "$PROBE" "$CRON_ROOT" "$DIR/volumes/cronlogs" "$DIR/volumes/crondata"
        grep -rlF --exclude-dir=venv -- "$KEY" "$CRON_ROOT" "$DIR/volumes/cronlogs" "$DIR/volumes/crondata"
    } 2>/dev/null || :)
    [ -z "$found" ] || {
        echo "$found" >&2
        return 1
    }
}
expect "no file, readable by whom ever, holds a secret of the environment" no_secret_on_disk
expect "the scheduler sees the environment" \
    grep -qzF "SMTP_PASSWORD=$PROBE" "/proc/$(for pid in $(container_pids); do
        grep -qz '^schedule$' "/proc/$pid/cmdline" && echo "$pid"; done | head -1)/environ"
expect_code "health check" 0 p healthcheck run cron
expect_code "a second cron changes nothing" 0 p exec cron cron
expect "and says so" grep -q "is running already" "$DIR/err"

wait_for 150 grep -q "job_finished" "$LOG" || stop "the job did not run at its time: $(cat "$LOG")"
expect "the job ran at $due and was complete" grep -q "job_finished.*outcome=complete" "$LOG"
grep -o 'scheduled_for=[^ ]*' "$LOG" | tail -1 | sed 's/^/   /'
expect_code "status inside the running container" 0 p exec cron hostaway-message-db status --json
stored=$(figure 'counts["messages"]' 2>/dev/null || figure 'stored["messages"]')
expect "$stored messages are stored" test "$stored" -gt 0
expect "still no secret in any file, the run's traces included" no_secret_on_disk
expect "no process in the container is root, after the run" none_is_root
expect "cron.log is not for everybody" test "$(stat -c '%u %a' "$LOG")" = "10001 640"

# Each new scheduler says first when it will run; one that ran says so, too, after its job.
starts_are() { [ $(($(grep -c schedule_waiting "$LOG") - $(grep -c job_finished "$LOG"))) -ge "$1" ]; }
scheduler_pid=$(for pid in $(container_pids); do
    grep -qz '^schedule$' "/proc/$pid/cmdline" && echo "$pid"; done | head -1)
kill -9 "$scheduler_pid"
wait_for 10 grep -q "it is started again" "$LOG" || stop "a killed scheduler is not noticed"
good "a killed scheduler is noticed, and started again after a minute"
expect_code "meanwhile the health check says so" 1 p healthcheck run cron
expect_code "and names it" 1 p exec cron /opt/venv/bin/python -IS \
    /usr/local/lib/hostaway-message-db/healthcheck.py
expect "as a process that is missing" grep -q "no process of hostaway-message-db" "$DIR/out"
wait_for 90 starts_are 2 || stop "the scheduler was not started again"
expect_code "then it is well again" 0 p healthcheck run cron

begin=$SECONDS
p stop --time 30 cron >/dev/null
expect "stopped within 10 s (took $((SECONDS - begin)))" test $((SECONDS - begin)) -lt 10
expect "the scheduler ended in order" grep -q "cron: stopped" "$LOG"
expect "exit code 143, as by SIGTERM" test "$(p inspect --format '{{.State.ExitCode}}' cron)" = 143
p start cron >/dev/null
wait_for 60 starts_are 3 || stop "the container does not start again"
good "the same container starts again, on its old log"
p rm --force --time 20 cron >/dev/null

printf '\ntest-image: %s checks, all good, in %s s.\n' "$CHECKS" "$SECONDS"
