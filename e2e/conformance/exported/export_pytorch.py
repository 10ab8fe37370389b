"""Exports PyTorch models with torch.onnx. Needs: torch onnx onnxscript."""

import onnx
import torch
from torch import nn

from fixture import Fixtures

fixtures = Fixtures("pytorch", {"torch": torch.__version__})
torch.manual_seed(7)


def train(network, inputs, targets, loss, steps):
    optimizer = torch.optim.Adam(network.parameters(), 0.02)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(network(inputs), targets).backward()
        optimizer.step()
    network.eval()


def without_stack_traces(path):
    """The exporter notes for every node which source line made it, with the paths of this machine."""
    model = onnx.load(path, load_external_data=False)
    for node in model.graph.node:
        del node.metadata_props[:]
    path.write_bytes(model.SerializeToString())


def add(name, network, outputs, samples, **options):
    folder = fixtures.folder / name
    folder.mkdir()
    torch.onnx.export(
        network, (samples[0],), str(folder / "model.onnx"), input_names=["x"], output_names=outputs, **options
    )
    without_stack_traces(folder / "model.onnx")
    cases = []
    for sample in samples:
        with torch.no_grad():
            answers = network(sample)
        answers = answers if isinstance(answers, tuple) else (answers,)
        cases.append(
            ({"x": sample.numpy()}, {key: answer.numpy() for key, answer in zip(outputs, answers, strict=True)})
        )
    fixtures.add(name, "onnx", cases)


batch = {0: torch.export.Dim("batch")}

# A price from four numbers; the weights stay in a file of their own.
table = torch.randn(256, 4)
prices = table @ torch.tensor([[3.0], [-2.0], [0.5], [1.0]]) + 4
regressor = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
train(regressor, table, prices, nn.MSELoss(), 200)
add("price-mlp-external", regressor, ["price"], [table[:2], table[:6]], dynamic_shapes=(batch,), external_data=True)
add("price-mlp", regressor, ["price"], [table[:2], table[:6]], dynamic_shapes=(batch,), external_data=False)


class Stripes(nn.Module):
    """Tells horizontal from vertical stripes in pictures of 8 x 8; answers the logits and the class."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2))
        self.head = nn.Linear(4 * 4 * 4, 2)

    def forward(self, x):
        logits = self.head(self.features(x).flatten(1))
        return logits, logits.argmax(1)


def loss(answers, targets):
    return nn.functional.cross_entropy(answers[0], targets)


stripe = torch.tensor([[0.0, 1.0]]).repeat(8, 4)
pictures = torch.stack([stripe if index % 2 else stripe.T for index in range(64)])[:, None]
pictures = pictures + 0.2 * torch.randn(pictures.shape)
network = Stripes()
train(network, pictures, torch.arange(64) % 2, loss, 30)
names = ["logits", "class"]
add("stripes-cnn", network, names, [pictures[:2], pictures[:4]], dynamic_shapes=(batch,), external_data=False)
# The exporter of before 2.9, which many still call, and a picture of a fixed batch size.
add("stripes-cnn-fixed", network, names, [pictures[:2]], dynamo=False)

# Half precision on the way in and out.
half = nn.Linear(3, 2).half()
add("linear-fp16", half, ["y"], [torch.tensor([[0.5, -1.0, 2.0]] * 2).half()], dynamic_shapes=(batch,), external_data=False)

fixtures.write()
