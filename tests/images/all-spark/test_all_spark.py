"""Spark from R and from Scala."""

import notebooks
import pytest
import with_r
from notebooks import text

MAPPED = """\
htmap <- import("htmap")
m <- htmap$map(import("math")$factorial, 1:4)
unlist(iterate(m))
"""
#: A program that prints, one that runs in Spark's executor, and three that go wrong.
SCALA = (
    'val n = 6\nprintln("printed " + n)\nn * 7',
    "cars.map(car => car.mpg * 2).reduce(_ + _)",
    "/*\n# raises-exception\n*/ 1 / 0",
    "/*\n# raises-exception\n*/ unheardOf + 1",
    "/*\n# raises-exception\n*/ System.exit(3)",
)
COMPLETE = """\
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(60, "scala")
client.execute("1", reply=True, timeout=100)
reply = client.complete("spark.sparkC", reply=True, timeout=60)
print("sparkContext" in reply["content"]["matches"])
client.execute("sc.parallelize(1 to 1, 1).foreach(_ => Thread.sleep(100000))")
# Spark's own progress bar says that the job runs.
while "[Stage" not in client.get_iopub_msg(timeout=60)["content"].get("text", ""):
    pass
manager.interrupt_kernel()
print(client.get_shell_msg(timeout=60)["content"]["ename"])
print(client.execute("1 + 1", reply=True, timeout=60)["content"]["status"])
client.stop_channels()
manager.shutdown_kernel(now=True)
"""


@pytest.fixture(scope="module")
def container(start_session, image):
    """Start a container of the image with its pool."""
    return start_session(image, environment={"HTC_POOL_REQUIRED": "1"})


@pytest.fixture(scope="module")
def page(source):
    return source / "images" / "all-spark" / "README.md"


def test_every_package_of_its_list_can_be_attached(container, source):
    listed = source / "images/all-spark/packages.txt"
    assert with_r.packages_that_do_not_load(container, listed) == ""


# A Java process starts in each, beside whatever else the machine does.
@pytest.mark.timeout(240)
def test_an_r_notebook_has_spark_beside_a_map_as_its_page_says(container, page):
    outputs = notebooks.run(container, "ir", *notebooks.blocks(page, "r"), MAPPED)
    assert "[1] 11  7 14" in text(outputs[0])
    assert "[1]  1  2  6 24" in text(outputs[1])


@pytest.mark.timeout(240)
def test_a_scala_notebook_has_spark_as_its_page_says(container, page):
    outputs = notebooks.run(container, "scala", *notebooks.blocks(page, "scala"), *SCALA)
    assert "|  4|    2|" in text(outputs[0])
    assert "printed 6\n" in text(outputs[1])
    assert "Int = 42" in text(outputs[1])
    assert "Double = 136.4" in text(outputs[2])
    assert "ArithmeticException" in text(outputs[3])
    assert "not found: value unheardOf" in text(outputs[4])
    assert "The next cell starts Spark anew." in text(outputs[5])


@pytest.mark.timeout(240)
def test_the_scala_kernel_completes_names_and_can_be_interrupted(container):
    said = container.output("python", "-c", COMPLETE).split()
    assert said == ["True", "KeyboardInterrupt", "ok"]
