"""A custom MLServer runtime over onnxruntime, as MLServer's documentation shows one."""

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse

from models import Model


class OnnxRuntime(MLModel):
    async def load(self) -> bool:
        self.model = Model(self.name)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        result = self.model.run(NumpyCodec.decode_input(payload.inputs[0]))
        output = NumpyCodec.encode_output(self.model.output.name, result)
        return InferenceResponse(model_name=self.name, outputs=[output])
