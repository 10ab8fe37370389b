"""Ray Serve, one replica that holds the models behind its FastAPI ingress."""

import signal

import ray
from fastapi import FastAPI, Request, Response
from ray import serve

from models import HOST, HTTP_PORT, load_models

app = FastAPI()
QUIET = {"enable_access_log": False}


@serve.deployment(num_replicas=1, max_ongoing_requests=256, logging_config=QUIET)
@serve.ingress(app)
class Onnx:
    def __init__(self) -> None:
        self.models = load_models()

    @app.post("/v2/models/{name}/infer")
    async def infer(self, name: str, request: Request):
        model = self.models[name]
        if request.headers.get("content-type") == "application/octet-stream":
            return Response(model.run_bytes(await request.body()), media_type="application/octet-stream")
        return model.run_json(await request.json())


def stop(*_args) -> None:
    raise SystemExit(0)


signal.signal(signal.SIGTERM, stop)
ray.init(
    num_cpus=2,
    include_dashboard=False,
    log_to_driver=False,
    configure_logging=False,
    _node_ip_address=HOST,
)
serve.start(http_options={"host": HOST, "port": HTTP_PORT}, logging_config=QUIET)
serve.run(Onnx.bind(), name="bench", route_prefix="/")
try:
    signal.pause()
finally:
    serve.shutdown()
    ray.shutdown()
