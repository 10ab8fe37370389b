"""What every peer has in common: the same models in onnxruntime, one thread each, and the tensor JSON around them.

A peer's own code is its server. It is called with MODELS_DIR (folder of *.onnx files), HTTP_PORTS (one port per model
name, in the order of MODELS, all on 127.0.0.1; most peers need the first only) and GRPC_PORT.
"""

import os
from pathlib import Path

import numpy as np
import onnxruntime as ort

MODELS = ["linear", "mlp", "binary1mb"]
MODELS_DIR = Path(os.environ["MODELS_DIR"])
HTTP_PORTS = [int(port) for port in os.environ["HTTP_PORTS"].split(",")]
HTTP_PORT = HTTP_PORTS[0]
GRPC_PORT = int(os.environ["GRPC_PORT"])
METRICS_PORT = int(os.environ["METRICS_PORT"])
HOST = "127.0.0.1"


class Model:
    """One ONNX model with one FP32 input and one FP32 output."""

    def __init__(self, name: str) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.name = name
        self.path = MODELS_DIR / f"{name}.onnx"
        self.session = ort.InferenceSession(str(self.path), options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0]
        self.output = self.session.get_outputs()[0]

    def run(self, rows: np.ndarray) -> np.ndarray:
        """FP32 [rows, columns] in, FP32 [rows, columns] out."""
        return self.session.run([self.output.name], {self.input.name: rows})[0]

    def run_json(self, body: dict) -> dict:
        """The Open Inference Protocol's JSON in and out."""
        tensor = body["inputs"][0]
        result = self.run(np.array(tensor["data"], dtype=np.float32).reshape(tensor["shape"]))
        output = {
            "name": self.output.name,
            "datatype": "FP32",
            "shape": list(result.shape),
            "data": result.ravel().tolist(),
        }
        return {"model_name": self.name, "outputs": [output]}

    def run_bytes(self, body: bytes) -> bytes:
        """The bytes of one FP32 row in, the bytes of the answer out."""
        return self.run(np.frombuffer(body, dtype=np.float32).reshape(1, -1)).tobytes()


def load_models() -> dict[str, Model]:
    return {name: Model(name) for name in MODELS}
