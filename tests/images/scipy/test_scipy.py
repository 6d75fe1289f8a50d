"""What images/scipy promises, on it and on what stands on it."""

import re

import pytest

MODULES = [
    "altair", "bottleneck", "bokeh", "bs4", "cloudpickle", "Cython", "dask", "dask.array",
    "dask.dataframe", "dask.distributed", "dill", "google.protobuf", "h5py", "ipympl",
    "ipywidgets", "jupyterlab_git", "matplotlib.pyplot", "numba", "numexpr", "numpy",
    "openpyxl", "pandas", "patsy", "scipy", "seaborn", "skimage", "sklearn", "sqlalchemy",
    "statsmodels.api", "sympy", "tables", "widgetsnbextension", "xlrd",
]  # fmt: skip
#: Front ends that are of no use unless JupyterLab serves them, and one that the server runs.
EXTENSIONS = (
    "@jupyter-widgets/jupyterlab-manager", "jupyter-matplotlib", "@jupyterlab/git", "jupyterlab_git"
)  # fmt: skip
#: And without the names of the hooks that an image has.
NO_POOL = {"HTC_POOL": "none", "JUPYTER_DOCKER_STACKS_QUIET": "1"}


@pytest.mark.children
def test_every_promised_package_is_imported(start, image):
    program = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    ended = start(image, "python", "-c", program, *MODULES, environment=NO_POOL).wait(220)
    assert (ended.code, ended.stderr) == (0, ""), ended


@pytest.mark.children
def test_the_extensions_of_jupyterlab_are_enabled(start, image):
    script = "jupyter labextension list; jupyter server extension list"
    environment = {**NO_POOL, "NO_COLOR": "1"}
    ended = start(image, "sh", "-c", script, environment=environment).wait()
    said = [
        re.sub(r"\x1b\[\d+m", "", line).split()
        for line in (ended.stdout + ended.stderr).splitlines()
    ]
    for name in EXTENSIONS:
        words = next(words for words in said if words[:1] == [name])
        assert "enabled" in words, words


def test_a_fit_for_each_component(start, image):
    program = (
        "import htmap\n"
        "def fit(slope):\n"
        "    import numpy as np\n"
        "    from scipy.optimize import curve_fit\n"
        "    x = np.linspace(0, 1, 50)\n"
        "    values, _ = curve_fit(lambda x, a, b: a * x + b, x, slope * x + 1)\n"
        "    return round(float(values[0]), 6)\n"
        "print(list(htmap.map(fit, [1.0, 2.0, 3.0], quiet=True)))"
    )
    ended = start(image, "python", "-c", program).wait()
    assert ended.stdout == "[1.0, 2.0, 3.0]\n", ended


def test_numba_compiles_in_a_component_and_an_image_is_drawn_without_a_screen(start, image):
    program = (
        "import htmap\n"
        "def work(n):\n"
        "    import io, numba, pandas, matplotlib.pyplot as plt\n"
        "    add = numba.njit(lambda a, b: a + b)\n"
        "    figure = io.BytesIO()\n"
        "    pandas.DataFrame({'y': [1, 2, n]}).plot().figure.savefig(figure)\n"
        "    return add(n, 1), figure.getvalue()[1:4]\n"
        "print(htmap.map(work, [1], quiet=True).get(0, timeout=100))"
    )
    ended = start(image, "python", "-c", program).wait(220)
    assert ended.stdout == "(2, b'PNG')\n", ended
