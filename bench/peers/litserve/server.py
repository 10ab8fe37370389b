"""LitServe, one API with one worker process per model, as its documentation shows several models."""

import litserve as ls

from models import HOST, HTTP_PORT, MODELS, Model


class OnnxApi(ls.LitAPI):
    def __init__(self, name: str) -> None:
        super().__init__(api_path=f"/v2/models/{name}/infer")
        self.name = name

    def setup(self, device: str) -> None:
        self.model = Model(self.name)

    def predict(self, body: dict) -> dict:
        return self.model.run_json(body)


if __name__ == "__main__":
    server = ls.LitServer([OnnxApi(name) for name in MODELS], accelerator="cpu", workers_per_device=1)
    server.run(host=HOST, port=HTTP_PORT, num_api_servers=1, log_level="warning", generate_client_file=False)
