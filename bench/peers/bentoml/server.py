"""Starts BentoML's own server on the service beside this file."""

import os
import sys
from pathlib import Path

from models import HOST, HTTP_PORT

program = Path(sys.executable).with_name("bentoml")
arguments = ["serve", "service:Onnx", "--host", HOST, "--port", str(HTTP_PORT), "--working-dir"]
environment = {**os.environ, "BENTOML_DO_NOT_TRACK": "True"}
os.execve(program, [str(program), *arguments, str(Path(__file__).parent)], environment)
