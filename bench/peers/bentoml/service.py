"""A BentoML service with one worker and one route per model."""

from __future__ import annotations

import bentoml

from models import load_models


@bentoml.service(workers=1, traffic={"timeout": 30})
class Onnx:
    def __init__(self) -> None:
        self.models = load_models()

    @bentoml.api(route="/v2/models/linear/infer")
    async def linear(self, inputs: list[dict]) -> dict:
        return self.models["linear"].run_json({"inputs": inputs})

    @bentoml.api(route="/v2/models/mlp/infer")
    async def mlp(self, inputs: list[dict]) -> dict:
        return self.models["mlp"].run_json({"inputs": inputs})
