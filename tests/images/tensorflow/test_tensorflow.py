"""What images/tensorflow promises."""

import pytest

# What TensorFlow says of processors is no trouble.
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
TRAIN = """\
import htmap

def train(seed):
    import keras, numpy as np
    assert keras.__version__.startswith("3.") and keras.backend.backend() == "tensorflow"
    keras.utils.set_random_seed(seed)
    x = np.random.default_rng(seed).random((256, 2)).astype("float32")
    y = x @ np.array([[1.0], [2.0]], dtype="float32")
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mse")
    losses = model.fit(x, y, epochs=15, verbose=0).history["loss"]
    return losses[-1] < losses[0] / 10

options = htmap.MapOptions(request_memory="1GB")
m = htmap.map(train, [1, 2], quiet=True, map_options=options)
print([m.get(component, timeout=100) for component in m.components])
"""


def test_a_model_is_trained_in_each_component(start, image):
    ended = start(image, "python", "-c", TRAIN, environment=QUIET).wait(220)
    assert ended.stdout == "[True, True]\n", ended


@pytest.mark.timeout(240)
def test_tensorboard_is_reached_through_jupyter(start, image):
    running = start(image, "start-notebook.py", "--IdentityProvider.token=known",
                    environment={"HTC_POOL": "none"}, may_say=".")  # fmt: skip
    ask = (
        "import urllib.request\n"
        "url = 'http://127.0.0.1:8888/tensorboard/?token=known'\n"
        "print('TensorBoard' in urllib.request.urlopen(url, timeout=60).read().decode())"
    )
    running.wait_until(lambda: running.exec("python", "-c", ask).stdout == "True\n", timeout=220)
