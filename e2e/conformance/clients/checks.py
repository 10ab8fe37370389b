"""What Triton's own Python clients do with a server. Prints one line of JSON for each check: its name, and what went
wrong with it or null.

    python checks.py http://host:port host:port 'Bearer am_…'
"""

import asyncio
import json
import queue
import sys
import traceback

import grpc
import ml_dtypes
import numpy
import tritonclient.grpc as tritongrpc
import tritonclient.grpc.aio as tritongrpc_aio
import tritonclient.http as tritonhttp
import tritonclient.http.aio as tritonhttp_aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException

URL, GRPC, AUTHORIZATION = sys.argv[1:4]
HOST = URL.removeprefix("http://")
HEADERS = {"authorization": AUTHORIZATION}
METADATA = list(HEADERS.items())
CHECKS = []

ONE = numpy.array([[1, 2, 3, 4]], numpy.int32)
TEN = numpy.array([[10, 20, 30, 40]], numpy.int32)
TENSORS = {
    "BOOL": numpy.array([[True, False]]),
    "UINT8": numpy.array([[0, 255]], numpy.uint8),
    "UINT16": numpy.array([[0, 65535]], numpy.uint16),
    "UINT32": numpy.array([[0, 2**32 - 1]], numpy.uint32),
    "UINT64": numpy.array([[2**53 + 1, 2**64 - 1]], numpy.uint64),
    "INT8": numpy.array([[-128, 127]], numpy.int8),
    "INT16": numpy.array([[-(2**15), 2**15 - 1]], numpy.int16),
    "INT32": numpy.array([[-(2**31), 2**31 - 1]], numpy.int32),
    "INT64": numpy.array([[-(2**63), 2**53 + 1]], numpy.int64),
    "FP16": numpy.array([[0.5, -65504]], numpy.float16),
    "BF16": numpy.array([[0.5, -256]], ml_dtypes.bfloat16),
    "FP32": numpy.array([[0.1, numpy.inf]], numpy.float32),
    "FP64": numpy.array([[0.1, 5e-324]], numpy.float64),
    "BYTES": numpy.array([["grün 🎉".encode(), b""]], object),
}


def check(function):
    CHECKS.append(function)
    return function


class Library:
    """The HTTP and the gRPC client are alike but for where the key goes and how a document is asked for."""

    def __init__(self, name):
        self.name = name
        self.module = tritonhttp if name == "http" else tritongrpc
        self.client = self.module.InferenceServerClient(HOST if name == "http" else GRPC)
        self.json = {} if name == "http" else {"as_json": True}

    @property
    def key(self):
        # A new dictionary each time: the HTTP client leaves its own headers in it.
        return {"headers": dict(HEADERS)}

    def input(self, name, datatype, array, **options):
        tensor = self.module.InferInput(name, list(array.shape), datatype)
        tensor.set_data_from_numpy(array, **options)
        return tensor

    def two(self):
        return [self.input("INPUT0", "INT32", ONE), self.input("INPUT1", "INT32", TEN)]

    def infer(self, model, inputs, **options):
        return self.client.infer(model, inputs, **self.key, **options)


LIBRARIES = [Library("http"), Library("grpc")]


def both(function):
    """The same check of the HTTP and of the gRPC client."""
    for library in LIBRARIES:

        def run(library=library):
            function(library)

        run.__name__ = f"{library.name} {function.__name__}"
        CHECKS.append(run)


def refused(status, function):
    try:
        function()
    except InferenceServerException as error:
        assert status in str(error.status()), f"{error.status()} instead of {status}"
        assert error.message(), "no message"
    else:
        raise AssertionError("was not refused")


@both
def health(at):
    assert at.client.is_server_live(**at.key)
    assert at.client.is_server_ready(**at.key)
    assert at.client.is_model_ready("oip-linear", **at.key)
    assert at.client.is_model_ready("oip-linear", "1", **at.key)
    for model, version in (("oip-add-sub", "99"), ("oip-no-such-model", "")):
        if at.name == "http":
            assert not at.client.is_model_ready(model, version, **at.key)
        else:
            # As newer Triton servers answer.
            refused("NOT_FOUND", lambda: at.client.is_model_ready(model, version, **at.key))


@both
def metadata(at):
    server = at.client.get_server_metadata(**at.key, **at.json)
    assert server["name"] and server["version"] and "binary_tensor_data" in server["extensions"], server
    model = at.client.get_model_metadata("oip-linear", **at.key, **at.json)
    assert [tensor["name"] for tensor in model["inputs"]] == ["x"], model
    assert [int(size) for size in model["inputs"][0]["shape"]] == [-1, 3], model
    assert "1" in model["versions"], model


@both
def configuration(at):
    config = at.client.get_model_config("oip-linear", **at.key, **at.json)
    config = config.get("config", config)
    assert config["name"] == "oip-linear" and config["input"][0]["name"] == "x", config


@both
def inference(at):
    result = at.infer("oip-add-sub", at.two(), request_id="r-1", model_version="1")
    assert (result.as_numpy("OUTPUT0") == ONE + TEN).all()
    assert (result.as_numpy("OUTPUT1") == ONE - TEN).all()
    response = result.get_response(**({} if at.name == "http" else {"as_json": True}))
    assert response["id"] == "r-1", response


@both
def chosen_outputs(at):
    result = at.infer("oip-add-sub", at.two(), outputs=[at.module.InferRequestedOutput("OUTPUT1")])
    assert (result.as_numpy("OUTPUT1") == ONE - TEN).all()
    assert result.as_numpy("OUTPUT0") is None


@both
def datatypes(at):
    for datatype, array in TENSORS.items():
        result = at.infer(f"oip-{datatype.lower()}", [at.input("INPUT0", datatype, array)])
        got = result.as_numpy("OUTPUT0")
        assert got.shape == array.shape and (got == array).all(), f"{datatype}: {got} instead of {array}"
        assert got.dtype == array.dtype, f"{datatype}: {got.dtype}"


@both
def several_datatypes_in_one_request(at):
    number = numpy.array([[1.5, -2]], numpy.float32)
    inputs = [
        at.input("number", "FP32", number),
        at.input("count", "INT64", numpy.array([[2**60]])),
        at.input("text", "BYTES", numpy.array([[b"a"]], object)),
        at.input("flag", "BOOL", numpy.array([[True]])),
    ]
    result = at.infer("oip-mixed", inputs)
    assert (result.as_numpy("number_out") == number).all()
    assert result.as_numpy("count_out")[0][0] == 2**60
    assert result.as_numpy("text_out")[0][0] == b"a"
    assert result.as_numpy("flag_out")[0][0]


@both
def a_large_tensor(at):
    array = numpy.arange(100_000, dtype=numpy.float32).reshape(100, 1000)
    assert (at.infer("oip-fp32", [at.input("INPUT0", "FP32", array)]).as_numpy("OUTPUT0") == array).all()


@both
def parameters_priority_and_timeout(at):
    options = {"parameters": {"note": "a"}, "priority": 1, "timeout": 5_000_000}
    result = at.infer("oip-add-sub", at.two(), **options)
    assert (result.as_numpy("OUTPUT0") == ONE + TEN).all()


@both
def refusals(at):
    gone, bad = ("404", "400") if at.name == "http" else ("NOT_FOUND", "INVALID_ARGUMENT")
    refused(gone, lambda: at.infer("oip-no-such-model", at.two()))
    refused(gone, lambda: at.infer("oip-add-sub", at.two(), model_version="99"))
    refused(bad, lambda: at.infer("oip-add-sub", at.two()[:1]))
    refused(bad, lambda: at.infer("oip-linear", [at.input("x", "FP32", numpy.zeros((1, 4), numpy.float32))]))
    assert at.infer("oip-add-sub", at.two()).as_numpy("OUTPUT0") is not None


@both
def a_wrong_key(at):
    status = "401" if at.name == "http" else "UNAUTHENTICATED"
    wrong = {"headers": {"authorization": "Bearer am_wrong"}}
    refused(status, lambda: at.client.infer("oip-add-sub", at.two(), **wrong))


@both
def statistics(at):
    at.infer("oip-add-sub", at.two())
    (model,) = at.client.get_inference_statistics("oip-add-sub", **at.key, **at.json)["model_stats"]
    assert int(model["inference_count"]) > 0, model
    assert int(model["inference_stats"]["success"]["count"]) > 0, model


@both
def repository(at):
    index = at.client.get_model_repository_index(**at.key, **at.json)
    models = index if at.name == "http" else index["models"]
    assert any(model["name"] == "oip-scalar" and model["state"] == "READY" for model in models), index
    at.client.load_model("oip-scalar", **at.key)
    at.client.unload_model("oip-scalar", **at.key)
    at.client.load_model("oip-scalar", **at.key)
    one = at.input("INPUT0", "FP32", numpy.array([2.5], numpy.float32))
    assert at.infer("oip-scalar", [one]).as_numpy("OUTPUT0")[0] == 2.5


@check
def http_json_both_ways():
    at = LIBRARIES[0]
    inputs = [at.input(name, "INT32", array, binary_data=False) for name, array in (("INPUT0", ONE), ("INPUT1", TEN))]
    outputs = [tritonhttp.InferRequestedOutput("OUTPUT0", binary_data=False)]
    result = at.infer("oip-add-sub", inputs, outputs=outputs)
    assert (result.as_numpy("OUTPUT0") == ONE + TEN).all()
    assert result.get_output("OUTPUT0")["data"] == [11, 22, 33, 44]


@check
def http_json_in_binary_out():
    at = LIBRARIES[0]
    text = numpy.array([["grün"]], object)
    inputs = [at.input("INPUT0", "BYTES", text, binary_data=False)]
    result = at.infer("oip-bytes", inputs, outputs=[tritonhttp.InferRequestedOutput("OUTPUT0", binary_data=True)])
    assert result.as_numpy("OUTPUT0")[0][0] == "grün".encode()


@check
def http_async_infer():
    client = tritonhttp.InferenceServerClient(HOST, concurrency=4)
    at = LIBRARIES[0]
    pending = [client.async_infer("oip-add-sub", at.two(), headers=dict(HEADERS)) for _ in range(20)]
    for each in pending:
        assert (each.get_result().as_numpy("OUTPUT0") == ONE + TEN).all()
    client.close()


@check
def http_asyncio():
    async def run():
        async with tritonhttp_aio.InferenceServerClient(HOST) as client:
            answers = [client.infer("oip-add-sub", LIBRARIES[0].two(), headers=dict(HEADERS)) for _ in range(20)]
            for result in await asyncio.gather(*answers):
                assert (result.as_numpy("OUTPUT0") == ONE + TEN).all()

    asyncio.run(run())


@check
def grpc_async_infer():
    at = LIBRARIES[1]
    answers = queue.Queue()
    for _ in range(20):
        at.client.async_infer("oip-add-sub", at.two(), lambda result, error: answers.put((result, error)), **at.key)
    for _ in range(20):
        result, error = answers.get(timeout=20)
        assert error is None, error
        assert (result.as_numpy("OUTPUT0") == ONE + TEN).all()


@check
def grpc_asyncio():
    async def run():
        async with tritongrpc_aio.InferenceServerClient(GRPC) as client:
            answers = [client.infer("oip-add-sub", LIBRARIES[1].two(), headers=dict(HEADERS)) for _ in range(20)]
            for result in await asyncio.gather(*answers):
                assert (result.as_numpy("OUTPUT0") == ONE + TEN).all()

    asyncio.run(run())


@check
def grpc_stream():
    at = LIBRARIES[1]
    client = tritongrpc.InferenceServerClient(GRPC)
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)), **at.key)
    for number in range(10):
        client.async_stream_infer("oip-add-sub", at.two(), request_id=f"s-{number}")
    client.async_stream_infer("oip-add-sub", at.two()[:1], request_id="wrong")
    client.async_stream_infer("oip-add-sub", at.two(), request_id="last")
    for number in range(10):
        result, error = answers.get(timeout=20)
        assert error is None, error
        assert result.get_response().id == f"s-{number}"
    _, error = answers.get(timeout=20)
    assert error is not None, "a wrong request was not refused"
    result, error = answers.get(timeout=20)
    assert error is None and result.get_response().id == "last", "the stream did not go on"
    client.stop_stream()


@check
def grpc_asyncio_stream():
    async def requests():
        for _ in range(5):
            yield {"model_name": "oip-add-sub", "inputs": LIBRARIES[1].two()}

    async def run():
        async with tritongrpc_aio.InferenceServerClient(GRPC) as client:
            count = 0
            async for result, error in client.stream_infer(requests(), headers=dict(HEADERS)):
                assert error is None, error
                assert (result.as_numpy("OUTPUT0") == ONE + TEN).all()
                count += 1
            assert count == 5, count

    asyncio.run(run())


@check
def grpc_typed_contents():
    with grpc.insecure_channel(GRPC) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        request = service_pb2.ModelInferRequest(model_name="oip-linear")
        tensor = request.inputs.add(name="x", datatype="FP32", shape=[1, 3])
        tensor.contents.fp32_contents.extend([1, 2, 3])
        response = stub.ModelInfer(request, metadata=METADATA, timeout=20)
        assert list(response.outputs[0].contents.fp32_contents) == [14.5], response


@check
def grpc_client_timeout():
    at = LIBRARIES[1]
    result = at.infer("oip-add-sub", at.two(), client_timeout=20)
    assert (result.as_numpy("OUTPUT0") == ONE + TEN).all()


@check
def grpc_standard_health():
    with grpc.insecure_channel(GRPC) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        answer = stub.Check(health_pb2.HealthCheckRequest(), metadata=METADATA, timeout=20)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING, answer
        watched = next(stub.Watch(health_pb2.HealthCheckRequest(), metadata=METADATA, timeout=20))
        assert watched.status == health_pb2.HealthCheckResponse.SERVING, watched


for function in CHECKS:
    try:
        function()
        problem = None
    except Exception:
        problem = traceback.format_exc(limit=-3)
    print(json.dumps({"check": function.__name__.replace("_", " "), "problem": problem}), flush=True)
