import { oip } from '@aimass/contracts';
import type { MethodDefinition, sendUnaryData, Server, ServerUnaryCall } from '@grpc/grpc-js';
import type { OipBackend, OipOptions } from '../backend.js';
import { OipError, toOipError } from '../oip-error.js';
import { refuseOverrides } from '../overrides.js';
import { configMessage, metadataMessage, statisticsMessage } from './grpc-messages.js';
import { grpcStatus } from './grpc-status.js';
import type { CallerContext } from './guarded-call.js';

const SERVICE = oip.GRPCInferenceServiceService;

/** What a method answers with. */
type Answer<Caller, Request, Response> = (caller: Caller, request: Request) => Response | Promise<Response>;

/** Registers every unary method but `ModelInfer`: metadata, configuration, readiness, statistics and the repository. */
export function registerReadMethods<Caller>(
  server: Server,
  backend: OipBackend<Caller>,
  options: OipOptions,
): void {
  const methods = new UnaryMethods<Caller>(server, options);
  registerServerMethods(methods, backend);
  registerModelMethods(methods, backend);
  registerRepositoryMethods(methods, backend);
}

function registerServerMethods<Caller>(methods: UnaryMethods<Caller>, backend: OipBackend<Caller>): void {
  methods.add(SERVICE.serverLive, () => ({ live: true }));
  methods.add(SERVICE.serverReady, () => ({ ready: backend.isReady() }));
  methods.add(SERVICE.serverMetadata, () => {
    const { name, version, extensions } = backend.server;
    return { name, version, extensions: [...extensions] };
  });
}

function registerModelMethods<Caller>(methods: UnaryMethods<Caller>, backend: OipBackend<Caller>): void {
  methods.add(SERVICE.modelReady, (caller, { name, version }) => ({
    ready: backend.isModelReady(caller, name, orAbsent(version)),
  }));
  methods.add(SERVICE.modelMetadata, (caller, { name, version }) =>
    metadataMessage(backend.describe(caller, name, orAbsent(version))),
  );
  methods.add(SERVICE.modelConfig, (caller, { name, version }) =>
    configMessage(backend.describe(caller, name, orAbsent(version))),
  );
  methods.add(SERVICE.modelStatistics, async (caller, { name, version }) => {
    const found = await backend.statistics(caller, orAbsent(name), orAbsent(version));
    return { modelStats: found.map(statisticsMessage) };
  });
}

function registerRepositoryMethods<Caller>(methods: UnaryMethods<Caller>, backend: OipBackend<Caller>): void {
  methods.add(SERVICE.repositoryIndex, async (caller, { ready }) => {
    const entries = await backend.index(caller);
    return { models: entries.filter(({ state }) => !ready || state === 'READY') };
  });
  methods.add(SERVICE.repositoryModelLoad, async (caller, { modelName, parameters }) => {
    refuseOverrides(Object.keys(parameters));
    await backend.load(caller, modelName, undefined);
    return {};
  });
  methods.add(SERVICE.repositoryModelUnload, async (caller, { modelName }) => {
    await backend.unload(caller, modelName, undefined);
    return {};
  });
}

/** In the protocol's messages what is not given is empty. */
function orAbsent(text: string): string | undefined {
  return text === '' ? undefined : text;
}

/** Registers unary methods so that a message that cannot be read is the caller's mistake, not ours. */
class UnaryMethods<Caller> {
  constructor(
    private readonly server: Server,
    private readonly options: OipOptions,
  ) {}

  add<Request, Response>(
    method: MethodDefinition<Request, Response>,
    answer: Answer<Caller, Request, Response>,
  ): void {
    const handle = (
      call: ServerUnaryCall<Request | OipError, Response>,
      callback: sendUnaryData<Response>,
    ): void => {
      this.answer(call, answer).then(
        (response) => callback(null, response),
        (error: unknown) => callback(grpcStatus(toOipError(error, this.options.onError))),
      );
    };
    const deserialize = (bytes: Buffer): Request | OipError => decode(method, bytes);
    this.server.register(method.path, handle, method.responseSerialize, deserialize, 'unary');
  }

  private async answer<Request, Response>(
    call: ServerUnaryCall<Request | OipError, Response>,
    answer: Answer<Caller, Request, Response>,
  ): Promise<Response> {
    const { request } = call;
    if (request instanceof OipError) throw request;
    const { caller } = call.getAuthContext() as CallerContext;
    return answer(caller as Caller, request);
  }
}

function decode<Request, Response>(
  method: MethodDefinition<Request, Response>,
  bytes: Buffer,
): Request | OipError {
  try {
    return method.requestDeserialize(bytes);
  } catch {
    return new OipError(400, `The message is not what ${method.path} takes.`);
  }
}
