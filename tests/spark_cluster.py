"""A standalone Spark cluster on loopback: a master and workers, each a process of its own."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

LONGEST_START = 180  # seconds
QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # for processes that live for a minute only
CONF = {
    **{"spark.executor.memory": "512m", "spark.executor.cores": "1", "spark.cores.max": "2"},
    **{"spark.executor.extraJavaOptions": QUICK_START, "spark.driver.extraJavaOptions": QUICK_START},
}


class SparkCluster:
    """A master and some workers with two cores each; their logs and work are in a folder.

    An application should take half of that (`CONF`), so that another one can run beside it.
    """

    def __init__(self, folder: Path, workers: int = 2) -> None:
        import pyspark

        self._home = Path(pyspark.__file__).parent
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        port = free_port()
        self.master = f"spark://127.0.0.1:{port}"
        self._run("master", "master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0")
        self.workers = [self._start_worker() for _ in range(workers)]  # they try until the master is there
        for number in self.workers:
            self._wait(number)

    def add_worker(self) -> int:
        """Start one more worker; returns its number."""
        number = self._start_worker()
        self._wait(number)
        return number

    def _start_worker(self) -> int:
        number = len(self._processes)
        name = f"worker{number}"
        work = ["--cores", "2", "--memory", "1g", "--work-dir", str(self._folder / name), "--webui-port", "0"]
        self._run(name, "worker.Worker", "--host", "127.0.0.1", *work, self.master)
        return number

    def kill(self, number: int) -> None:
        """Kill a worker with all that it has started, as a machine does that loses its power."""
        process = self._processes[number]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def is_alive(self, number: int) -> bool:
        """Whether a worker has not been killed."""
        return self._processes[number].poll() is None

    def stop(self) -> None:
        """End all processes that are left."""
        for number, process in enumerate(self._processes):
            if process.poll() is None:
                self.kill(number)

    def _run(self, name: str, kind: str, *arguments: str) -> None:
        command = [str(self._home / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}", *arguments]
        local = self._folder / f"{name}-local"
        environment = {
            **os.environ,
            "SPARK_HOME": str(self._home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(local),
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": QUICK_START,
        }
        local.mkdir(parents=True)
        with open(self._folder / f"{name}.log", "wb") as log:
            started = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
                preexec_fn=die_with_parent if sys.platform == "linux" else None,
            )
        self._processes.append(started)

    def _wait(self, number: int) -> None:
        log = self._folder / f"worker{number}.log"
        end = time.monotonic() + LONGEST_START
        while "Successfully registered" not in log.read_text(errors="replace"):
            if time.monotonic() > end or self._processes[number].poll() is not None:
                raise RuntimeError(f"{log.stem} does not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)


def die_with_parent() -> None:
    """Have the kernel kill this process when who has started it is gone, even if that was killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def free_port() -> int:
    """A port of this machine that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
