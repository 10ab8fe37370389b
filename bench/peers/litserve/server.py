"""LitServe, one API with one worker process per model, as its documentation shows several models."""

import litserve as ls
from fastapi import Request, Response

from models import HOST, HTTP_PORT, MODELS, Model


class OnnxApi(ls.LitAPI):
    def __init__(self, name: str) -> None:
        super().__init__(api_path=f"/v2/models/{name}/infer")
        self.name = name

    def setup(self, device: str) -> None:
        self.model = Model(self.name)

    async def decode_request(self, request: Request):
        if request.headers.get("content-type") == "application/octet-stream":
            return await request.body()
        return await request.json()

    def predict(self, body):
        return self.model.run_bytes(body) if isinstance(body, bytes) else self.model.run_json(body)

    def encode_response(self, output):
        if isinstance(output, bytes):
            return Response(output, media_type="application/octet-stream")
        return output


if __name__ == "__main__":
    server = ls.LitServer([OnnxApi(name) for name in MODELS], accelerator="cpu", workers_per_device=1)
    server.run(host=HOST, port=HTTP_PORT, num_api_servers=1, log_level="warning", generate_client_file=False)
