"""Exports PaddlePaddle models with paddle2onnx. Needs: paddlepaddle paddle2onnx packaging."""

from importlib.metadata import version

import numpy
import paddle
from paddle import nn

from fixture import Fixtures

fixtures = Fixtures("paddle", {"paddlepaddle": paddle.__version__, "paddle2onnx": version("paddle2onnx")})
paddle.seed(7)
random = numpy.random.default_rng(7)


def train(network, inputs, targets, loss, steps):
    optimizer = paddle.optimizer.Adam(0.02, parameters=network.parameters())
    for _ in range(steps):
        loss(network(inputs), targets).backward()
        optimizer.step()
        optimizer.clear_grad()
    network.eval()


def add(name, network, shape, samples):
    (fixtures.folder / name).mkdir()
    spec = [paddle.static.InputSpec(shape, "float32", "x")]
    paddle.onnx.export(network, str(fixtures.folder / name / "model"), input_spec=spec)
    for extra in (fixtures.folder / name).iterdir():
        if extra.name != "model.onnx":
            extra.unlink()
    outputs = output_names(fixtures.folder / name / "model.onnx")
    cases = []
    for sample in samples:
        answers = network(paddle.to_tensor(sample))
        answers = answers if isinstance(answers, (list, tuple)) else [answers]
        cases.append(({"x": sample}, {key: answer.numpy() for key, answer in zip(outputs, answers, strict=True)}))
    fixtures.add(name, "onnx", cases)


def output_names(path):
    import onnx

    return [output.name for output in onnx.load(path).graph.output]


# A price from four numbers.
table = random.normal(size=(256, 4)).astype(numpy.float32)
prices = (table @ numpy.array([[3.0], [-2.0], [0.5], [1.0]], numpy.float32) + 4).astype(numpy.float32)
regressor = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
train(regressor, paddle.to_tensor(table), paddle.to_tensor(prices), nn.MSELoss(), 200)
add("price-mlp", regressor, [None, 4], [table[:1], table[:6]])


class Stripes(nn.Layer):
    """Tells horizontal from vertical stripes in pictures of 8 x 8; answers the probabilities and the class."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2D(1, 4, 3, padding=1), nn.BatchNorm2D(4), nn.ReLU(), nn.MaxPool2D(2))
        self.head = nn.Linear(4 * 4 * 4, 2)

    def forward(self, x):
        return self.head(paddle.flatten(self.features(x), 1))


class WithClass(nn.Layer):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        logits = self.network(x)
        return nn.functional.softmax(logits, axis=-1), paddle.argmax(logits, axis=-1)


stripe = numpy.tile(numpy.array([[0.0, 1.0]], numpy.float32), (8, 4))
pictures = numpy.stack([stripe if index % 2 else stripe.T for index in range(64)])[:, None]
pictures = (pictures + random.normal(scale=0.2, size=pictures.shape)).astype(numpy.float32)
classes = paddle.to_tensor(numpy.arange(64) % 2)
network = Stripes()
train(network, paddle.to_tensor(pictures), classes, nn.CrossEntropyLoss(), 30)
answering = WithClass(network)
answering.eval()
add("stripes-cnn", answering, [None, 1, 8, 8], [pictures[:1], pictures[:4]])

fixtures.write()
