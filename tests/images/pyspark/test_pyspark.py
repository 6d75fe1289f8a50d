"""Spark beside a pool, in notebooks and in components."""

import notebooks
import pytest
from notebooks import text

#: What the session's own pages link to, as they are seen through Jupyter.
PAGES = """\
import re, urllib.request
address = f"{spark.sparkContext.uiWebUrl}".split(":")[-1]
url = f"http://127.0.0.1:8888/proxy/{address}/jobs/?token=known"
page = urllib.request.urlopen(url, timeout=30).read().decode()
print("Spark Jobs" in page, set(re.findall(r'href="(/proxy/4040)/stages/', page)))
"""
#: On which ports this container can be reached from outside.
OPEN = """\
import psutil
own = {"127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"}
listening = [c.laddr for c in psutil.net_connections() if c.status == "LISTEN"]
print(sorted({address.port for address in listening if address.ip not in own}))
"""
FRAMES = """\
import pandas as pd
from pyspark.sql.functions import pandas_udf

@pandas_udf("double")
def half(x: pd.Series) -> pd.Series:
    return x / 2

frame = spark.createDataFrame(pd.DataFrame({"x": range(10), "s": list("abcdefghij")}))
print(spark.conf.get("spark.sql.execution.arrow.pyspark.enabled"), frame.toPandas().x.sum())
print(frame.select(half("x").alias("h")).toPandas().h.sum())
"""
PANDAS = """\
import warnings
warnings.simplefilter("error", FutureWarning)
import pyspark.pandas as ps
frame = ps.DataFrame({"k": ["a", "b", "a"], "n": [1, 2, 3]})
print(frame.groupby("k").n.sum().sort_index().to_list())
"""


@pytest.fixture(scope="module")
def container(start_session, image):
    """Start a container with Jupyter and a pool, which has no more memory than a small laptop."""
    command = ["start-notebook.py", "--IdentityProvider.token=known"]
    return start_session(image, *command, mem_limit="4g")


# A Java process starts twice, beside whatever else the machine does.
@pytest.mark.timeout(300)
def test_a_notebook_has_spark_beside_a_map_and_in_it_as_its_page_says(container, source):
    page = source / "images" / "pyspark" / "README.md"
    session, mapped = notebooks.blocks(page, "python")
    outputs = notebooks.run(container, "python3", session, FRAMES, PANDAS, PAGES, OPEN, mapped)

    assert "a       4" in text(outputs[0])
    # Each by itself: Spark shows how far it is in between.
    assert "true 45\n" in text(outputs[1])
    assert "22.5\n" in text(outputs[1])
    assert "[4, 2]" in text(outputs[2])
    assert "True {'/proxy/4040'}" in text(outputs[3])
    assert "[4040, 8888]" in text(outputs[4])
    assert "[5]" in text(outputs[5])


def test_spark_is_where_its_tools_look_for_it(container):
    assert container.output("sh", "-c", "ls $SPARK_HOME/bin/spark-submit") != ""
    assert container.output("sh", "-c", "java -version 2>&1 | grep -o 'version .21'") != ""
    assert "4040/tcp" in container.container.attrs["Config"]["ExposedPorts"]
