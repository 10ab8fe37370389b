"""MLServer without its pool of worker processes, HTTP and gRPC."""

import json
import os
import sys
from pathlib import Path
from tempfile import mkdtemp

from models import GRPC_PORT, HOST, HTTP_PORT, METRICS_PORT, MODELS

folder = Path(mkdtemp(prefix="aimass-bench-mlserver-", dir=os.environ["WORK_DIR"]))
settings = {
    "host": HOST,
    "http_port": HTTP_PORT,
    "grpc_port": GRPC_PORT,
    "metrics_port": METRICS_PORT,
    "parallel_workers": 0,
    "debug": False,
    "grpc_max_message_length": 16 * 1024 * 1024,
}
(folder / "settings.json").write_text(json.dumps(settings))
for name in MODELS:
    (folder / name).mkdir()
    model = {"name": name, "implementation": "runtime.OnnxRuntime"}
    (folder / name / "model-settings.json").write_text(json.dumps(model))

# Runtimes are imported by name: this folder has to be on the path of the server.
path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
program = Path(sys.executable).with_name("mlserver")
os.execve(program, [str(program), "start", str(folder)], {**os.environ, "PYTHONPATH": path})
