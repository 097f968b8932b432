"""The supervisor with real child processes, tiny ones."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from infra.processes.child import ChildSpec
from infra.processes.home_lock import HomeInUse, HomeLock, owner_of
from infra.processes.part import PartSpec, PartState
from infra.processes.pid_files import write_pid_file
from infra.processes.restart_policy import RestartPolicy
from infra.processes.supervisor import PartNotReady, Supervisor
from schemas.errors import Permanent
from tests.patience import PATIENCE_S

QUICK = RestartPolicy(first_delay_s=0.05, largest_delay_s=0.2, stable_s=60)


def _part(folder: Path, name: str, script: str, **options: object) -> PartSpec:
    child = ChildSpec(
        name=name,
        command=["sh", "-c", script],
        log_file=folder / "logs" / f"{name}.log",
        run_folder=folder / "run",
        environment={"FOLDER": str(folder)},
    )
    return PartSpec(child=child, **options)  # type: ignore[arg-type]  # each test names a field or two


def _until(condition: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.01)


def _gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_part_that_dies_is_started_again(tmp_path: Path) -> None:
    """After `kill -9` there is a new process, and the restart is counted."""
    with Supervisor([_part(tmp_path, "one", "exec sleep 600")], policy=QUICK) as supervisor:
        killed = supervisor.kill("one")
        _until(lambda: supervisor.restarts("one") == 1, "a restart")
        _until(lambda: supervisor.status()[0].state is PartState.RUNNING, "running again")
        status = supervisor.status()[0]
        assert status.pid not in {None, killed}
        assert status.last_exit == "killed by signal 9"
    assert supervisor.status()[0].pid is None


def test_a_part_that_says_permanent_is_not_started_again(tmp_path: Path) -> None:
    """Exit code 78 ends the attempts, and the report carries the part's own last words."""
    said: list[str] = []
    part = _part(tmp_path, "one", "echo the topic was recreated; exit 78")
    with pytest.raises(PartNotReady, match="one cannot run"):
        Supervisor([_unready(part)], policy=QUICK, report=said.append).start()
    assert any("the topic was recreated" in sentence for sentence in said)


def _unready(part: PartSpec) -> PartSpec:
    return PartSpec(child=part.child, ready=lambda: False, ready_timeout_s=PATIENCE_S, grace_s=5)


def test_a_part_that_is_late_stops_everything(tmp_path: Path) -> None:
    """If one part is not ready in time, the ones that were started are stopped and the log's end is told."""
    first = _part(tmp_path, "first", "exec sleep 600", tier=0)
    late = _part(tmp_path, "late", "echo still loading; exec sleep 600")
    late = PartSpec(child=late.child, ready=lambda: False, ready_timeout_s=3)  # a shell says its word in less
    supervisor = Supervisor([first, late], policy=QUICK)
    with pytest.raises(PartNotReady, match=r"(?s)late was not ready within .*still loading"):
        supervisor.start()
    assert all(status.pid is None for status in supervisor.status())


def test_tiers_start_in_order_and_stop_in_reverse(tmp_path: Path) -> None:
    """A tier starts when the lower one is ready, and the lowest is stopped last."""
    script = (
        'trap "echo stop-$0 >> $FOLDER/order; exit 0" TERM; echo start-$0 >> $FOLDER/order; {ready}; '
        "while :; do sleep 0.02; done"
    )

    def part(name: str, tier: int) -> PartSpec:
        ready = tmp_path / f"ready-{name}"
        text = script.replace("$0", name).replace("{ready}", f"touch {ready}")
        return _part(tmp_path, name, text, tier=tier, ready=ready.exists)

    with Supervisor([part("worker", 1), part("broker", 0)], policy=QUICK):
        pass
    order = (tmp_path / "order").read_text(encoding="utf-8").split()
    assert order == ["start-broker", "start-worker", "stop-worker", "stop-broker"]


def test_a_part_that_ignores_sigterm_is_killed_with_its_children(tmp_path: Path) -> None:
    """After the grace period the whole process group goes, grandchildren too."""
    ready = tmp_path / "grandchild"
    script = f'trap "" TERM; sleep 600 & echo $! > {ready}; while :; do sleep 0.02; done'
    part = _part(tmp_path, "stubborn", script, ready=ready.exists, grace_s=0.3)
    with Supervisor([part], policy=QUICK) as supervisor:
        pid = supervisor.status()[0].pid
        _until(lambda: bool(ready.read_text(encoding="utf-8").strip()), "a grandchild")
        grandchild = int(ready.read_text(encoding="utf-8"))
    assert pid is not None
    assert _gone(pid)
    _until(lambda: _gone(grandchild), "the grandchild's end")


def test_what_a_dead_part_left_behind_is_ended(tmp_path: Path) -> None:
    """A grandchild does not survive its parent, so a restarted part never meets its former self's helpers."""
    note = tmp_path / "grandchild"
    script = f"sleep 600 & echo $! >> {note}; wait"
    with Supervisor([_part(tmp_path, "one", script)], policy=QUICK) as supervisor:
        _until(lambda: note.exists() and note.read_text(encoding="utf-8").count("\n") == 1, "a grandchild")
        grandchild = int(note.read_text(encoding="utf-8"))
        pid = supervisor.status()[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        _until(lambda: _gone(grandchild), "the grandchild's end")


def test_one_part_can_be_stopped_and_started(tmp_path: Path) -> None:
    """A part stopped on purpose stays stopped until it is asked for, and that is no restart."""
    with Supervisor([_part(tmp_path, "one", "exec sleep 600")], policy=QUICK) as supervisor:
        supervisor.stop_part("one")
        assert supervisor.status()[0].state is PartState.STOPPED
        supervisor.start_parts(["one"])
        assert supervisor.status()[0].state is PartState.RUNNING
        assert supervisor.restarts("one") == 0
        with pytest.raises(Permanent, match="no part named two"):
            supervisor.kill("two")


SUPERVISING_PROGRAM = """
import pathlib, sys
from infra.processes.child import ChildSpec
from infra.processes.home_lock import HomeLock
from infra.processes.pid_files import write_pid_file
from infra.processes.part import PartSpec
from infra.processes.supervisor import Supervisor
folder = pathlib.Path(sys.argv[1])
specs = [
    PartSpec(
        child=ChildSpec(
            name=name, command=["sleep", "600"], log_file=folder / name, run_folder=folder / "run"
        )
    )
    for name in ("one", "two")
]
with HomeLock(folder):
    with Supervisor(specs, report=lambda text: print(text, flush=True)) as supervisor:
        print("pids", *(part.pid for part in supervisor.status()), flush=True)
        supervisor.run_until_signal()
"""


def _supervising(folder: Path) -> tuple[subprocess.Popen[str], list[int]]:
    command = [sys.executable, "-c", SUPERVISING_PROGRAM, str(folder)]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    pids = next(line for line in owner.stdout if line.startswith("pids ")).split()[1:]
    assert owner.stdout.readline().startswith("everything runs")
    return owner, [int(pid) for pid in pids]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_orphan_whatever_way_the_supervisor_ends(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, SIGTERM and even `kill -9` of the supervisor leave no part behind."""
    owner, pids = _supervising(tmp_path)
    with owner:
        assert owner_of(tmp_path) == owner.pid
        owner.send_signal(number)
        assert owner.wait(timeout=PATIENCE_S) == (-9 if number is signal.SIGKILL else 0)
    _until(lambda: all(_gone(pid) for pid in pids), "the end of every part")
    assert owner_of(tmp_path) is None


def test_a_home_has_one_owner(tmp_path: Path) -> None:
    """A second owner is refused with the first one's id and what to do."""
    with HomeLock(tmp_path), pytest.raises(HomeInUse, match=rf"process {os.getpid()}.*ticketyard down"):
        HomeLock(tmp_path).__enter__()
    with HomeLock(tmp_path) as again:
        assert again.strays == []


def test_strays_of_a_dead_owner_are_ended(tmp_path: Path) -> None:
    """Where the kernel could not end a part with its owner, the next owner of the home does."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as stray:
        write_pid_file(tmp_path / "run", "stray", stray.pid)
        with HomeLock(tmp_path) as lock:
            assert lock.strays == ["stray"]
        assert _gone(stray.pid)
