"""An ONNX model for MLServer, which brings no runtime for ONNX of its own: just enough to answer the vectors.

    pip install mlserver onnxruntime
    PYTHONPATH=e2e/conformance/oip/servers MLSERVER_PARALLEL_WORKERS=0 mlserver start e2e/conformance/oip/models
"""

import numpy
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse
from mlserver.utils import get_model_uri


class OnnxModel(MLModel):
    async def load(self) -> bool:
        self.session = onnxruntime.InferenceSession(await get_model_uri(self.settings))
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        feeds = {tensor.name: self.decode(tensor) for tensor in payload.inputs}
        names = [output.name for output in payload.outputs or self.session.get_outputs()]
        results = self.session.run(names, feeds)
        outputs = [self.encode(name, result) for name, result in zip(names, results, strict=True)]
        return InferenceResponse(model_name=self.name, model_version=self.version, id=payload.id, outputs=outputs)

    def decode(self, tensor):
        if tensor.datatype != "BYTES":
            return NumpyCodec.decode_input(tensor)
        return numpy.array(StringCodec.decode_input(tensor), dtype=object).reshape(tensor.shape)

    def encode(self, name, result):
        if result.dtype == object:
            output = StringCodec.encode_output(name, list(result.ravel()))
        else:
            output = NumpyCodec.encode_output(name, result)
        # The codecs make a column of a vector.
        output.shape = list(result.shape)
        return output
