"""Exports TensorFlow models: ONNX with tf2onnx, SavedModel, and TensorFlow.js. Needs: see README.md."""

import os
import sys
from importlib.metadata import version
from unittest.mock import MagicMock

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_USE_LEGACY_KERAS"] = "1"

# The converter imports these for models of kinds that are not converted here.
for name in ("tensorflow_decision_forests", "jax", "jax.experimental", "jax.experimental.jax2tf", "flax"):
    sys.modules[name] = MagicMock()

import numpy

# Names that the converter still uses and numpy has dropped.
numpy.object, numpy.bool = object, bool

import tensorflow
import tf2onnx
from tensorflowjs.converters import save_keras_model
from tensorflowjs.converters.tf_saved_model_conversion_v2 import convert_tf_saved_model

from fixture import Fixtures

versions = {name: version(name) for name in ("tensorflow-cpu", "tf2onnx", "tf_keras", "tensorflowjs")}
fixtures = Fixtures("tensorflow", versions)
tensorflow.keras.utils.set_random_seed(7)
layers = tensorflow.keras.layers
random = numpy.random.default_rng(7)


def signature(shape, name, dtype=tensorflow.float32):
    return tensorflow.TensorSpec(shape, dtype, name=name)


def tidy(folder):
    """Takes away what a SavedModel does not need to be served."""
    for unread in ("fingerprint.pb", "keras_metadata.pb"):
        (folder / unread).unlink(missing_ok=True)
    if (folder / "assets").is_dir():
        (folder / "assets").rmdir()


def add_onnx(name, network, spec, samples):
    folder = fixtures.folder / name
    folder.mkdir()
    proto, _ = tf2onnx.convert.from_keras(network, [spec], output_path=str(folder / "model.onnx"))
    (output,) = [value.name for value in proto.graph.output]
    cases = [({spec.name: sample}, {output: network(sample).numpy()}) for sample in samples]
    fixtures.add(name, "onnx", cases)


# A price from four numbers.
table = random.normal(size=(256, 4)).astype(numpy.float32)
prices = (table @ numpy.array([[3.0], [-2.0], [0.5], [1.0]]) + 4).astype(numpy.float32)
regressor = tensorflow.keras.Sequential(
    [layers.InputLayer((4,), name="x"), layers.Dense(8, "relu"), layers.Dense(1, name="price")]
)
regressor.compile(tensorflow.keras.optimizers.Adam(0.02), "mse")
regressor.fit(table, prices, epochs=20, verbose=0)
add_onnx("price-mlp", regressor, signature((None, 4), "x"), [table[:1], table[:6]])

# Horizontal or vertical stripes, as Keras lays pictures out: the channel last.
stripe = numpy.tile(numpy.array([[0.0, 1.0]]), (8, 4))
pictures = numpy.stack([stripe if index % 2 else stripe.T for index in range(64)])[..., None]
pictures = (pictures + random.normal(scale=0.2, size=pictures.shape)).astype(numpy.float32)
network = tensorflow.keras.Sequential(
    [
        layers.InputLayer((8, 8, 1), name="image"),
        layers.Conv2D(4, 3, padding="same", activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPool2D(),
        layers.Flatten(),
        layers.Dense(2, "softmax", name="stripes"),
    ]
)
network.compile(tensorflow.keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
network.fit(pictures, numpy.arange(64) % 2, epochs=10, verbose=0)
add_onnx("stripes-cnn", network, signature((None, 8, 8, 1), "image"), [pictures[:1], pictures[:4]])


class Scaled(tensorflow.Module):
    """Two inputs of two types, two outputs, variables: what a signature can hold."""

    def __init__(self):
        super().__init__()
        self.weights = tensorflow.Variable(random.normal(size=(3, 2)).astype(numpy.float32))

    @tensorflow.function(
        input_signature=[signature((None, 3), "features"), signature((None, 1), "times", tensorflow.int32)]
    )
    def serve(self, features, times):
        scaled = features @ self.weights * tensorflow.cast(times, tensorflow.float32)
        return {"scaled": scaled, "count": tensorflow.reduce_sum(times, axis=1)}


module = Scaled()
folder = fixtures.folder / "scaled-saved-model"
tensorflow.saved_model.save(module, str(folder), signatures={"serving_default": module.serve})
tidy(folder)
features, times = table[:5, :3].copy(), numpy.arange(1, 6, dtype=numpy.int32)[:, None]
answers = {key: value.numpy() for key, value in module.serve(features, times).items()}
fixtures.add("scaled-saved-model", "saved-model", [({"features": features, "times": times}, answers)])

# The same as a TensorFlow.js graph model: inputs and outputs keep the names of the signature.
graph = fixtures.folder / "scaled-tfjs-graph"
convert_tf_saved_model(str(folder), str(graph))
fixtures.add("scaled-tfjs-graph", "tfjs-graph", [({"features": features, "times": times}, answers)])

# The picture network in TensorFlow's own form, as a graph model and as a layers model.
folder = fixtures.folder / "stripes-saved-model"
network.export(str(folder))
tidy(folder)
serving = tensorflow.saved_model.load(str(folder)).signatures["serving_default"]
(argument,) = serving.structured_input_signature[1]
cases = []
for sample in (pictures[:1], pictures[:4]):
    answers = serving(**{argument: tensorflow.constant(sample)})
    cases.append(({argument: sample}, {key: value.numpy() for key, value in answers.items()}))
fixtures.add("stripes-saved-model", "saved-model", cases)

convert_tf_saved_model(str(folder), str(fixtures.folder / "stripes-tfjs-graph"))
fixtures.add("stripes-tfjs-graph", "tfjs-graph", cases)

save_keras_model(network, str(fixtures.folder / "stripes-tfjs-layers"))
cases = [({"image": sample}, {"stripes": network(sample).numpy()}) for sample in (pictures[:1], pictures[:4])]
fixtures.add("stripes-tfjs-layers", "tfjs-layers", cases)

fixtures.write()
