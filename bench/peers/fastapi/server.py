"""FastAPI on uvicorn, one worker: what a team writes by hand around onnxruntime."""

import uvicorn
from fastapi import FastAPI, Request, Response
import orjson

from models import HOST, HTTP_PORT, load_models

models = load_models()
app = FastAPI()


@app.post("/v2/models/{name}/infer")
async def infer(name: str, request: Request) -> Response:
    body = await request.body()
    model = models[name]
    if request.headers.get("content-type") == "application/octet-stream":
        return Response(model.run_bytes(body), media_type="application/octet-stream")
    return Response(orjson.dumps(model.run_json(orjson.loads(body))), media_type="application/json")


uvicorn.run(app, host=HOST, port=HTTP_PORT, log_level="warning", access_log=False)
