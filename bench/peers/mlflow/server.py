"""MLflow's scoring server, one per model, over its ONNX flavour."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

import mlflow.onnx
import onnx

from models import HOST, HTTP_PORTS, MODELS_DIR

folder = Path(mkdtemp(prefix="aimass-bench-mlflow-", dir=os.environ["WORK_DIR"]))
options = {"intra_op_num_threads": 1, "inter_op_num_threads": 1}
program = str(Path(sys.executable).with_name("mlflow"))
servers = []
for name, port in zip(["linear", "mlp"], HTTP_PORTS):
    path = str(folder / name)
    mlflow.onnx.save_model(
        onnx.load(str(MODELS_DIR / f"{name}.onnx")), path, onnx_session_options=options, pip_requirements=[]
    )
    arguments = ["models", "serve", "-m", path, "-h", HOST, "-p", str(port), "--env-manager", "local", "-w", "1"]
    servers.append(subprocess.Popen([program, *arguments]))

for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: [server.terminate() for server in servers])
for server in servers:
    server.wait()
