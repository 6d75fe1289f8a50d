"""Maps that are made by hand, for tests that need no pool."""

import json
import pickle
import uuid

from htmap.chunking import FixedSizes
from htmap.execute import packs
from htmap.options import MapOptions
from htmap.store import claims
from htmap.store.folder import MapFolder
from htmap.store.input_packs import write_inputs
from htmap.store.run import Run
from htmap.submission import write_run

SUBMITTED = "000 ({cluster}.{job}.000) 2026-01-01 00:00:00 Job submitted from host: <a>\n...\n"
STARTED = "001 ({cluster}.{job}.000) 2026-01-01 00:00:01 Job executing on host: <b>\n...\n"
HELD = (
    "012 ({cluster}.{job}.000) 2026-01-01 00:00:02 Job was held.\n\tno such file\n"
    "\tCode 13 Subcode 2\n...\n"
)
REMOVED = "009 ({cluster}.{job}.000) 2026-01-01 00:00:02 Job was aborted.\n\tvia condor_rm\n...\n"
TERMINATED = (
    "005 ({cluster}.{job}.000) 2026-01-01 00:00:03 Job terminated.\n"
    "\t(1) Normal termination (return value 0)\n...\n"
)
RELEASED = "013 ({cluster}.{job}.000) 2026-01-01 00:00:03 Job was released.\n...\n"
EVENTS = {
    "UNMATERIALIZED": [],
    "IDLE": [SUBMITTED],
    "RUNNING": [SUBMITTED, STARTED],
    "HELD": [SUBMITTED, HELD],
    "REMOVED": [SUBMITTED, REMOVED],
    "COMPLETED": [SUBMITTED, STARTED, TERMINATED],
    "ERRORED": [SUBMITTED, STARTED, TERMINATED],
}


class HandMade:
    """A map on disk, with components that have the given statuses."""

    clusters = iter(range(1, 1000))

    def __init__(
        self,
        tag: str,
        *statuses: str,
        transient: bool = False,
        chunksize: int = 1,
        function: str | None = None,
    ) -> None:
        claims.open_root()
        self.folder = MapFolder(uuid.uuid4().hex)
        self.folder.create()
        number, folder = self.folder.create_run()
        sizes = FixedSizes(chunksize)
        inputs = (((i,), {}) for i in range(len(statuses)))
        divided = write_inputs(folder / "inputs", inputs, lambda: None, sizes)
        self.run = Run(folder, number, range(len(statuses)), *divided)
        write_run(self.run, MapOptions().resolve(len(statuses)), {}, sizes)
        self.cluster = next(self.clusters)
        self.run.record_cluster(self.cluster)
        self.folder.set_transient(transient)
        self.folder.write_about(len(statuses), function)
        claims.claim(tag, self.folder.map_id)
        for component, status in enumerate(statuses):
            if status in ("COMPLETED", "ERRORED"):
                self.write_output(component, status)
            for event in EVENTS[status]:
                self.log(event, component)

    def write_output(self, component: int, status: str) -> None:
        with packs.PackWriter(self.run.output(component), packs.versions(kind="output")) as pack:
            if status == "COMPLETED":
                pack.add(component, packs.RESULT, pickle.dumps(10 * component))
            else:
                report = {"exception": {"type": "ValueError", "message": f"bad {component}"}}
                pack.add(component, packs.ERROR, json.dumps(report).encode())
            pack.finish()
        self.run.stdout(component).write_text(f"hello from {component}\n")
        self.run.stderr(component).write_text(f"warned by {component}")

    def end_job(self, job: int, *statuses: str, run: Run | None = None, seconds=0.5) -> None:
        """Let a job end that ran the first of its components with these statuses."""
        run = run or self.run
        with packs.PackWriter(run.output(job), packs.versions(kind="output")) as pack:
            for component, status in zip(run.components_of(job), statuses, strict=False):
                kind = packs.RESULT if status == "COMPLETED" else packs.ERROR
                pack.add(component, kind, b"{}", wall=seconds, cpu=component)
            if len(statuses) == len(run.components_of(job)):
                pack.finish()
        self.log(TERMINATED, job)

    def rerun(self, components: list[int]) -> Run:
        """Write down a rerun; what is logged after that is of the first run nevertheless."""
        number, folder = self.folder.create_run()
        options = MapOptions().resolve(len(self.run.components))
        run = Run.of_single(folder, number, components)
        write_run(run, options, {}, FixedSizes(1))
        return run

    def log(self, event: str, component: int) -> None:
        with self.folder.events.open("a") as log:
            log.write(event.format(cluster=self.cluster, job=component))

    def complete(self, component: int) -> None:
        self.write_output(component, "COMPLETED")
        self.log(TERMINATED, component)
