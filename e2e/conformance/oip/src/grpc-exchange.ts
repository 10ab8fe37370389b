import { fileURLToPath } from 'node:url';
import { Client, Metadata, credentials, status as statuses } from '@grpc/grpc-js';
import type { MethodDefinition, ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { withGrpcShapes, withGrpcValues } from './answer.js';
import type { Answer, Connection } from './answer.js';
import { isJsonObject } from './lossless-json.js';
import type { JsonObject, JsonValue } from './lossless-json.js';
import type { GrpcRequest } from './vector.js';

const PROTOS = fileURLToPath(new URL('../../../../libs/contracts/proto/', import.meta.url));
const OIP = 'inference.GRPCInferenceService';

type Method = MethodDefinition<JsonObject, JsonObject>;

/** Calls of one server, as the protocol's proto describes them. */
export class GrpcExchange {
  private readonly client: Client;
  private readonly services = loadSync(['inference/grpc_service.proto', 'grpc/health/v1/health.proto'], {
    includeDirs: [PROTOS],
    keepCase: true,
    longs: String,
    enums: String,
    bytes: String,
    defaults: true,
  });

  /** `address` is `host:port`; the connection is made at the first call. */
  constructor(
    address: string,
    private readonly connection: Connection,
  ) {
    this.client = new Client(address, credentials.createInsecure());
  }

  /** Makes one call and reads the answer. A failed call is an answer too: its status and `{error}`. */
  exchange(request: GrpcRequest): Promise<Answer> {
    const method = this.method(request.rpc);
    return method.responseStream ? this.stream(method, request) : this.unary(method, request);
  }

  close(): void {
    this.client.close();
  }

  private method(rpc: string): Method {
    const [service = OIP, name = rpc] = rpc.includes('/') ? rpc.split('/') : [];
    const definition = this.services[service] as Readonly<Record<string, Method>> | undefined;
    const method = definition?.[name];
    if (method === undefined) throw new Error(`There is no rpc ${service}/${name}.`);
    return method;
  }

  private unary(method: Method, request: GrpcRequest): Promise<Answer> {
    // The bytes as they were recorded, or the message's own.
    const bytes =
      request.base64 === undefined
        ? method.requestSerialize(plain(request.message ?? {}))
        : Buffer.from(request.base64, 'base64');
    return new Promise((resolve) => {
      this.client.makeUnaryRequest(
        method.path,
        (sent: Buffer) => sent,
        method.responseDeserialize,
        bytes,
        this.metadata(),
        { deadline: Date.now() + this.connection.timeoutMs },
        (error, message) => resolve(error === null ? succeeded(message ?? {}) : failed(error)),
      );
    });
  }

  private stream(method: Method, request: GrpcRequest): Promise<Answer> {
    const call = this.client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      this.metadata(),
      { deadline: Date.now() + this.connection.timeoutMs },
    );
    for (const message of request.messages ?? []) call.write(plain(message));
    call.end();
    const messages: JsonObject[] = [];
    return new Promise((resolve) => {
      call.on('data', (message: JsonObject) => messages.push(decodeStreamed(message)));
      call.on('error', (error: ServiceError) => resolve({ ...failed(error), messages }));
      call.on('end', () => resolve({ status: 'OK', messages, isEmpty: messages.length === 0, flags: [] }));
    });
  }

  private metadata(): Metadata {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(this.connection.headers)) metadata.set(name, value);
    return metadata;
  }
}

function succeeded(message: JsonObject): Answer {
  const body = 'inputs' in message ? withGrpcShapes(message) : withGrpcValues(message);
  return { status: 'OK', body, isEmpty: false, flags: [] };
}

function failed(error: ServiceError): Answer {
  return { status: statuses[error.code], body: { error: error.details }, isEmpty: false, flags: [] };
}

function decodeStreamed(message: JsonObject): JsonObject {
  const response = message['infer_response'];
  return isJsonObject(response) ? { ...message, infer_response: withGrpcValues(response) } : message;
}

/** Protobuf takes long integers as text. */
function plain(value: JsonObject): JsonObject {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  return JSON.parse(text) as Record<string, JsonValue>;
}
