"""A Jupyter kernel for Scala in a Spark session: spark-shell's interpreter, driven from Python.

Spark's own shell and its Scala compiler are part of PySpark. They run in a Java process, which py4j
reaches as PySpark does. No published kernel fits this Spark: see images/all-spark/README.md.
"""

from __future__ import annotations

import codecs
import os
import select
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel
from pyspark.java_gateway import launch_gateway

#: What spark-shell begins with.
BEGIN = """\
@transient val spark = org.apache.spark.repl.Main.sparkSession
@transient val sc = spark.sparkContext
import org.apache.spark.SparkContext._
import spark.implicits._
import spark.sql
import org.apache.spark.sql.functions._
"""


class Interpreter:
    """Scala's interpreter in a Java process, with ``spark`` and ``sc`` in it."""

    def __init__(self) -> None:
        self._printed = {}
        ends = {}
        for stream in ("stdout", "stderr"):
            read, ends[stream] = os.pipe()
            self._printed[read] = stream, codecs.getincrementaldecoder("utf-8")("replace")
        self._done, self._tell = os.pipe()
        self._caller = ThreadPoolExecutor(max_workers=1)
        jvm = self._jvm = launch_gateway(popen_kwargs={**ends}).jvm
        for end in ends.values():
            os.close(end)

        shell = jvm.org.apache.spark.repl.Main
        self._spark = shell.createSparkSession()
        # As spark-shell starts its interpreter: classes go where the executors fetch them.
        words = ["-Yrepl-class-based", "-Yrepl-outdir", shell.outputDir().getAbsolutePath()]
        settings = jvm.scala.tools.nsc.Settings()
        arguments = jvm.java.util.ArrayList()
        for word in [*words, "-usejavacp"]:
            arguments.add(word)
        convert = jvm.scala.jdk.javaapi.CollectionConverters
        settings.processArguments(convert.asScala(arguments).toList(), True)
        # What the interpreter itself says, a value or an error, apart from what programs print.
        self._said = jvm.java.io.StringWriter()
        of_shell = jvm.scala.tools.nsc.interpreter.shell
        reporter = of_shell.ReplReporterImpl(settings, jvm.java.io.PrintWriter(self._said))
        self._main = jvm.scala.tools.nsc.interpreter.IMain(settings, reporter)
        self._completion = of_shell.ReplCompletion(self._main, of_shell.Accumulator())
        self._interpret(BEGIN)

    def run(self, code: str, show: Callable[[str, str], None]) -> tuple[str, str]:
        """Run code; give each text that it prints to ``show(stream, text)`` as it comes.

        Returns
        -------
        tuple of str
            ``Success``, ``Error`` or ``Incomplete``, and what the interpreter says.
        """
        future = self._caller.submit(self._interpret, code)
        future.add_done_callback(lambda _: os.write(self._tell, b"."))
        while True:
            # Before looking: all that it printed is in the pipes by then.
            finished = future.done()
            ends = [*self._printed, self._done]
            ready, _, _ = select.select(ends, [], [], 0 if finished else None)
            for end in ready:
                text = os.read(end, 65536)
                if not text:
                    # Java is gone, which the call that waits for it tells.
                    del self._printed[end]
                elif end != self._done:
                    stream, decoder = self._printed[end]
                    show(stream, decoder.decode(text))
            if finished and not self._printed.keys() & set(ready):
                return future.result()

    def cancel(self) -> None:
        """End the Spark jobs of the code that runs."""
        self._spark.sparkContext().cancelAllJobs()

    def complete(self, code: str, cursor: int) -> tuple[list[str], int]:
        """Return what may stand at the cursor, and where it begins."""
        found = self._completion.complete(code, cursor)
        candidates = self._jvm.scala.jdk.javaapi.CollectionConverters.asJava(found.candidates())
        return sorted({candidate.name() for candidate in candidates}), found.cursor()

    def _interpret(self, code: str) -> tuple[str, str]:
        result = self._main.interpret(code).toString()
        system = self._jvm.java.lang.System
        system.out.flush()
        system.err.flush()
        said = self._said.toString().strip()
        self._said.getBuffer().setLength(0)
        return result, said


class ScalaKernel(Kernel):
    """The Jupyter side of it."""

    implementation = "htc-scala"
    implementation_version = "1"
    language_info: ClassVar = {
        "name": "scala",
        "version": "2.13",
        "mimetype": "text/x-scala",
        "file_extension": ".scala",
        "pygments_lexer": "scala",
        "codemirror_mode": "text/x-scala",
    }
    banner = "Scala with Apache Spark: spark and sc are there"
    _interpreter: Interpreter | None = None

    def do_execute(
        self, code, silent, store_history=True, user_expressions=None, allow_stdin=False
    ):
        """Run a cell. The first one waits for Spark."""
        if not code.strip():
            return self._reply("ok", user_expressions={})

        def show(stream: str, text: str) -> None:
            if text and not silent:
                self.send_response(self.iopub_socket, "stream", {"name": stream, "text": text})

        try:
            self._interpreter = self._interpreter or Interpreter()
            result, said = self._interpreter.run(code, show)
        except KeyboardInterrupt:
            if self._interpreter:
                self._interpreter.cancel()
            return self._fail("KeyboardInterrupt", "the Spark jobs of this cell are cancelled")
        except Exception as error:
            # Java did not start, or is gone: out of memory, perhaps.
            self._interpreter = None
            return self._fail(type(error).__name__, f"{error}\nThe next cell starts Spark anew.")
        if result != "Success":
            return self._fail(result, said or "the code is incomplete")
        if said and not silent:
            shown = {"data": {"text/plain": said}, "metadata": {}}
            shown["execution_count"] = self.execution_count
            self.send_response(self.iopub_socket, "execute_result", shown)
        return self._reply("ok", user_expressions={})

    def do_complete(self, code, cursor_pos):
        """Return what may stand at the cursor."""
        matches, start = [], cursor_pos
        if self._interpreter:
            matches, start = self._interpreter.complete(code, cursor_pos)
        return self._reply(
            "ok", matches=matches, cursor_start=start, cursor_end=cursor_pos, metadata={}
        )

    def _fail(self, name: str, text: str) -> dict:
        error = {"ename": name, "evalue": text.splitlines()[0], "traceback": text.splitlines()}
        self.send_response(self.iopub_socket, "error", error)
        return self._reply("error", **error)

    def _reply(self, status: str, **words) -> dict:
        return {"status": status, "execution_count": self.execution_count, **words}


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=ScalaKernel)
