"""NVIDIA Triton itself, as PyTriton packages it, with onnxruntime behind its Python backend and dynamic batching on."""

import numpy as np
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

from models import GRPC_PORT, HOST, HTTP_PORT, METRICS_PORT, Model, load_models

# Triton adds the batch dimension: 64 rows of the large tensor would be 64 MB.
MAX_BATCH = {"linear": 64, "mlp": 64, "binary1mb": 4}


def make_callable(model: Model):
    @batch
    def infer(**inputs: np.ndarray):
        return {model.output.name: model.run(inputs[model.input.name])}

    return infer


config = TritonConfig(
    http_address=HOST,
    http_port=HTTP_PORT,
    grpc_address=HOST,
    grpc_port=GRPC_PORT,
    metrics_port=METRICS_PORT,
    log_verbose=0,
)
with Triton(config=config) as triton:
    for name, model in load_models().items():
        triton.bind(
            model_name=name,
            infer_func=make_callable(model),
            inputs=[Tensor(name=model.input.name, dtype=np.float32, shape=model.input.shape[1:])],
            outputs=[Tensor(name=model.output.name, dtype=np.float32, shape=model.output.shape[1:])],
            config=ModelConfig(max_batch_size=MAX_BATCH[name]),
            strict=False,
        )
    triton.serve()
