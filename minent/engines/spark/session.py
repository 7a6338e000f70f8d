"""A session of Spark: started, asked, stopped; its errors as one line."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any, ClassVar, NamedTuple

from minent.errors import MinentError, MissingExtraError, MissingProgramError, SparkError

LONGEST_ROW = 1 << 20  # bytes of a row that we make, about
DEFAULTS = {
    "spark.app.name": "minent",
    "spark.driver.memory": "2g",
    "spark.driver.maxResultSize": "0",  # what comes here is what the recipe needs here
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    # rows are blocks of bytes: as many at a time as fit, whatever their number
    "spark.sql.execution.arrow.maxBytesPerBatch": str(32 * LONGEST_ROW),
    "spark.sql.inMemoryColumnarStorage.batchSize": "4",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "4096",
}
LOOPBACK = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
LOCAL_MASTER = re.compile(r"local(\[.*\])?|spark://(127\.\d+\.\d+\.\d+|localhost)(:\d+)?", re.IGNORECASE)
STANDALONE = re.compile(r"spark://([^:/,]+):(\d+)")
OUR_ERROR = re.compile(r"^minent\.(?:\w+\.)*(\w+): (.+)$", re.MULTILINE)
OTHER_ERROR = re.compile(r"^(?:[a-z]\w*\.)*([A-Z]\w*(?:Error|Exception|Interrupt)): (.+)$", re.MULTILINE)
NO_CONNECTOR = re.compile(r"ClassNotFoundException: Class [\w.$]*\.fs\.|UnsupportedFileSystemException")
CONNECT_SECONDS = 10
REMEMBERED = 4  # shared things that a worker process keeps read
LONGEST_MESSAGE = 300  # characters


class SparkShared:
    """Something that was sent to every machine; a worker process reads it once, and remembers the latest ones."""

    _latest: ClassVar[dict[str, Any]] = {}

    def __init__(self, broadcast: Any, name: str) -> None:
        self._broadcast, self._name = broadcast, name

    @classmethod
    def forget(cls) -> None:
        """Forget all that this process has read."""
        cls._latest.clear()

    @property
    def value(self) -> Any:
        """What was shared."""
        latest = self._latest
        if self._name not in latest:
            while len(latest) >= REMEMBERED:
                del latest[next(iter(latest))]
            latest[self._name] = pickle.loads(self._broadcast.value)  # what our driver has written
        return latest[self._name]


class Volumes(NamedTuple):
    """Bytes that tasks have sent to the driver, and bytes that they have written for exchanges, as Spark packs them."""

    results: int
    shuffled: int
    tasks: int


class SparkEngine:
    """A cluster that works for us.

    spark : a SparkSession;  received : bytes that its tasks have sent here
    """

    def __init__(self, spark: Any) -> None:
        self.spark = spark
        self.received = 0
        self._broadcasts: list[Any] = []

    def share(self, value: Any) -> Any:
        """Send something to every machine; see `rows.Cluster`."""
        from pyspark import cloudpickle

        broadcast = self.spark.sparkContext.broadcast(cloudpickle.dumps(value, protocol=5))
        self._broadcasts.append(broadcast)
        return SparkShared(broadcast, uuid.uuid4().hex)

    def parallelism(self) -> int:
        """Tasks that can run at once."""
        return int(self.spark.sparkContext.defaultParallelism)

    def volumes(self) -> Volumes:
        """What the session has sent so far, as Spark has counted it."""
        python_context = self.spark.sparkContext
        jvm, context = python_context._jvm, python_context._jsc.sc()
        context.listenerBus().waitUntilEmpty()
        nothing = (python_context._gateway.new_array(jvm.double, 0), jvm.java.util.ArrayList())
        stages = context.statusStore().stageList(None, False, False, *nothing)
        found = [stages.apply(number) for number in range(stages.size())]
        return Volumes(
            sum(stage.resultSize() for stage in found),
            sum(stage.shuffleWriteBytes() for stage in found),
            sum(stage.numCompleteTasks() for stage in found),
        )

    def close(self) -> None:
        """Remove what was shared."""
        for shared in self._broadcasts:
            with suppress(Exception):  # the session may be gone
                shared.destroy()
        self._broadcasts = []
        SparkShared.forget()


@contextmanager
def spark_engine(
    master: str | None = None,
    conf: Mapping[str, str] | None = None,
    *,
    jobs: int = 1,
    temp_dir: str | None = None,
    verbose: bool = False,
) -> Iterator[SparkEngine]:
    """An engine with a session of its own, which ends with the block.

    master : of the cluster; None: that of the Spark configuration, else this machine with `jobs` workers
    conf : settings of Spark, which go before ours;  temp_dir : where a local Spark keeps its files
    verbose : what Spark writes to its log goes to stderr

    Errors: MissingExtraError, MissingProgramError without pyspark or Java; SparkError, also for all that Spark raises
    inside the block; errors of our own that were raised in a task come back as what they are.
    """
    wanted = dict(conf or {})
    _require_spark()
    master = master or wanted.get("spark.master")
    if master is None and "PYSPARK_GATEWAY_PORT" not in os.environ and not _configured_master():
        master = f"local[{jobs}]"
    settings = dict(DEFAULTS)
    if master is not None:
        settings |= LOOPBACK if LOCAL_MASTER.fullmatch(master) else {}
        settings["spark.master"] = master
        _require_master(master)
    if temp_dir is not None:
        settings["spark.local.dir"] = temp_dir
    if verbose:
        settings["spark.log.level"] = "WARN"
    with _one_line_errors():
        session = _start(settings | wanted, verbose)
    engine = SparkEngine(session)
    try:
        with _one_line_errors():  # inside, for an error asks the session what it means
            yield engine
    finally:
        engine.close()
        _stop(session)


def _require_spark() -> None:
    try:
        import pandas
        import pyarrow
        import pyspark
    except ImportError as error:
        package = error.name or "pyspark"
        raise MissingExtraError(package.partition(".")[0], "spark", "--engine spark") from error
    assert pandas and pyarrow and pyspark
    home = os.environ.get("JAVA_HOME")
    java = os.path.join(home, "bin", "java") if home else "java"
    if "PYSPARK_GATEWAY_PORT" not in os.environ and shutil.which(java) is None:
        way = "install Java 17 (apt install openjdk-17-jre-headless, brew install openjdk@17), or set JAVA_HOME"
        raise MissingProgramError("java", "--engine spark", way)


def _configured_master() -> bool:
    """Whether the configuration of Spark on this machine names a master."""
    folder = os.environ.get("SPARK_CONF_DIR") or os.path.join(os.environ.get("SPARK_HOME", ""), "conf")
    try:
        with open(os.path.join(folder, "spark-defaults.conf"), encoding="utf-8", errors="replace") as file:
            return any(line.split()[:1] == ["spark.master"] for line in file)
    except OSError:
        return False


def _require_master(master: str) -> None:
    """Tell at once, and not after a minute, that nobody is there."""
    problem = ""
    if master.startswith("spark://") and not STANDALONE.match(master):
        raise SparkError(f"{master}: a master is written like spark://HOST:PORT")
    for host, port in STANDALONE.findall(master):
        try:
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
            return
        except (OSError, OverflowError) as error:
            problem = getattr(error, "strerror", None) or str(error)
    if problem:
        raise SparkError(f"{master}: no master answers there ({problem})")


def _start(settings: Mapping[str, str], verbose: bool) -> Any:
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    conf = SparkConf()
    conf.setAll(list(settings.items()))
    if SparkContext._active_spark_context is not None:
        raise SparkError("a Spark session runs in this process already; give it with SparkEngine(session)")
    # stdout is for data; what the JVM says on stderr is for those who want to know
    log = None if verbose else tempfile.TemporaryFile(prefix="minent-")  # noqa: SIM115  # as long as the session
    warnings.filterwarnings("ignore", category=FutureWarning, module="pyspark")  # of libraries that it will not load
    try:
        gateway = launch_gateway(conf, {"stdout": log or sys.stderr, "stderr": log})
    except Exception as error:
        raise SparkError(f"does not start: {_last_words(log) or error}; -v shows more") from error
    try:
        context = SparkContext(conf=conf, gateway=gateway)
    except BaseException as error:
        told = task_error(str(error)) if isinstance(error, Exception) else error  # before the JVM ends, which is asked
        _end_gateway(gateway)
        raise told from error
    context.setLogLevel(settings["spark.log.level"])
    if context.pythonExec == "python3":  # not chosen
        context.pythonExec = sys.executable
    context.pythonExec = settings.get("spark.pyspark.python", context.pythonExec)
    return SparkSession(context)


def _last_words(log: IO[bytes] | None) -> str:
    """Why the JVM has ended, as far as its log tells."""
    if log is None:
        return ""
    log.seek(0)
    lines = log.read(1 << 20).decode("utf-8", "replace").splitlines()
    told = [line for line in lines if re.match(r"Error:|Exception in |Caused by: |\S*(Exception|Error): ", line)]
    at = next((k for k, line in enumerate(lines) if line.startswith("Error: Could not create the Java")), 0)
    if at:  # which is all that it says; why, stands before
        return _short(lines[at - 1])
    return _short(re.sub(r"^(Error:|Exception in thread \S+|Caused by:) ([\w.]+: )?", "", told[-1])) if told else ""


def _stop(session: Any) -> None:
    gateway = session.sparkContext._gateway
    with suppress(Exception):  # whatever has happened to it, the gateway is next
        session.stop()
    _end_gateway(gateway)


def _end_gateway(gateway: Any) -> None:
    """End the JVM, and forget it, so that the next session can have other settings."""
    from pyspark import SparkContext

    process = getattr(gateway, "proc", None)
    with suppress(Exception):
        gateway.shutdown()
    SparkContext._gateway = SparkContext._jvm = None
    if process is not None:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Turn what pyspark and py4j raise into SparkError, or into the error of ours that a task has raised."""
    try:
        yield
    except (MinentError, KeyboardInterrupt):
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("pyspark", "py4j") and not isinstance(error, OSError):
            raise
        if isinstance(error, OSError) and error.filename is not None:
            raise  # of a file of ours
        raise task_error(str(error)) from error


def task_error(text: str) -> MinentError:
    """The error that a text from Spark, with traces of stacks in it, tells of."""
    ours = OUR_ERROR.findall(text)
    if ours:
        return RemoteError(*ours[-1])
    others = OTHER_ERROR.findall(text)
    if others and "Traceback (most recent call last)" in text:
        name, message = others[-1]
        if name == "ModuleNotFoundError":
            return SparkError(f"a worker of the cluster has {message[0].lower()}{message[1:]}; see docs/spark.md")
        return SparkError(f"a task failed: {name}: {_short(message)}; -v shows more")
    if NO_CONNECTOR.search(text):
        return SparkError("it has no connector for these URLs; docs/spark.md tells how to give it one (Text)")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("at ")]
    causes = [line for line in lines if line.startswith("Caused by: ")] or lines[1:] or lines or ["no reason given"]
    best = causes[-1] if causes[0].startswith("Caused by: ") else causes[0]
    return SparkError(f"{_short(best.removeprefix('Caused by: ').lstrip(': '))}; -v shows more")


def _short(message: str) -> str:
    message = " ".join(message.split())
    return message if len(message) <= LONGEST_MESSAGE else message[:LONGEST_MESSAGE] + "…"


class RemoteError(MinentError):
    """An error of ours that was raised in a task. `kind` is its class there."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        if kind == "MissingExtraError":
            self.exit_code = MissingExtraError.exit_code
        super().__init__(message)
