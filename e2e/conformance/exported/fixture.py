"""Writes what a framework exported, and what the framework itself computes with it, as fixtures."""

import hashlib
import json
import pathlib
import re
import shutil

import numpy

HERE = pathlib.Path(__file__).parent

# numpy's names of the types, as the Open Inference Protocol calls them.
DATATYPES = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "int32": "INT32",
    "int64": "INT64",
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
}


def tensor(name, array):
    """One tensor as the Open Inference Protocol writes it: row-major, flat data."""
    array = numpy.asarray(array)
    datatype = DATATYPES.get(array.dtype.name, "BYTES")
    if array.dtype.kind == "f":
        # The shortest digits that make the same number in this precision.
        data = [float(str(item)) for item in array.ravel()]
    else:
        data = [str(item) for item in array.ravel()] if datatype == "BYTES" else array.ravel().tolist()
    return {"name": name, "datatype": datatype, "shape": list(array.shape), "data": data}


class Fixtures:
    """The models of one framework: their files, and `expected.json` beside them."""

    def __init__(self, framework, versions):
        self.folder = HERE / framework
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.document = {"framework": framework, "versions": versions, "models": []}

    def add(self, name, form, cases, **more):
        """Adds a model whose files are in the folder `name`.

        `form` is `onnx`, `saved-model`, `tfjs-graph` or `tfjs-layers`; `cases` are pairs of input and output arrays by
        tensor name, the outputs computed by the framework and never by ONNX Runtime.
        """
        root = self.folder / name
        half = any(numpy.asarray(value).dtype == numpy.float16 for _, outputs in cases for value in outputs.values())
        files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
        self.document["models"].append(
            {
                "name": name,
                "format": form,
                "files": [
                    {
                        "path": path,
                        "sizeBytes": (root / path).stat().st_size,
                        "sha256": hashlib.sha256((root / path).read_bytes()).hexdigest(),
                    }
                    for path in files
                ],
                "tolerance": {"absolute": 2e-3, "relative": 2e-3} if half else {"absolute": 1e-5, "relative": 1e-4},
                **more,
                "cases": [
                    {
                        "inputs": [tensor(key, value) for key, value in inputs.items()],
                        "outputs": [tensor(key, value) for key, value in outputs.items()],
                    }
                    for inputs, outputs in cases
                ],
            }
        )

    def write(self):
        text = json.dumps(self.document, indent=2, ensure_ascii=False)
        # Lists of numbers and strings on one line.
        text = re.sub(r"\[[^\[\]{}]*\]", lambda found: re.sub(r"\s*\n\s*", " ", found.group()), text)
        (self.folder / "expected.json").write_text(text + "\n")
