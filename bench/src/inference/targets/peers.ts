import { join } from 'node:path';
import { pickFreePorts, findRepositoryRoot } from '@aimass/platform-embedded';
import { grpcCall, jsonCall, binaryCall, mlflowCall, rawCall } from '../calls.js';
import { PeerProcess } from '../peers/peer-process.js';
import { ensurePython } from '../peers/python-environment.js';
import { sendOnce } from '../send-once.js';
import { WORKS, type Work } from '../works.js';
import type { StartTarget, Target, TargetCall } from './target.js';

/** What a peer can be asked. */
interface Offer {
  /** One row as JSON: in the Open Inference Protocol's form or in MLflow's. */
  readonly json: 'oip' | 'mlflow';
  /** The large tensor as bytes over HTTP: in the protocol's binary extension, or as the bare bytes. */
  readonly binary?: 'oip' | 'raw';
  /** `inference.GRPCInferenceService`. */
  readonly grpc?: boolean;
  /** The Python to take when it is there, should `python3` on PATH be another. */
  readonly interpreter?: string;
}

/** What the peers offer, by the name of their folder in bench/peers. */
const OFFERS = {
  fastapi: { json: 'oip', binary: 'raw' },
  mlserver: { json: 'oip', grpc: true },
  litserve: { json: 'oip' },
  ray: { json: 'oip', binary: 'raw' },
  bentoml: { json: 'oip' },
  mlflow: { json: 'mlflow' },
  // Its backend brings an interpreter that fits the standard library of a distribution's Python, not of every newer one.
  triton: { json: 'oip', binary: 'oip', grpc: true, interpreter: '/usr/bin/python3' },
} as const satisfies Record<string, Offer>;

/** The peers by name; each is installed and started by {@link startPeer}. */
export const PEERS = Object.keys(OFFERS) as (keyof typeof OFFERS)[];

/** The first start of some compiles and starts dozens of processes. */
const READY_LIMIT_MS = 180_000;

interface Addresses {
  /** By work. */
  readonly http: Readonly<Record<string, string>>;
  readonly grpc: string;
}

/** Installs a peer's packages when this is the first time, starts its server, and waits for its first answers. */
export function startPeer(name: keyof typeof OFFERS): StartTarget {
  return async (context) => {
    const { workDir, modelsDir, works, signal } = context;
    const peersDir = join(findRepositoryRoot(), 'bench', 'peers');
    const requirementsFile = join(peersDir, name, 'requirements.txt');
    const { interpreter }: Offer = OFFERS[name];
    const python = await ensurePython({
      name,
      requirementsFile,
      ...(interpreter !== undefined && { interpreter }),
      say: context.say,
      signal,
    });
    const ports = await pickFreePorts(WORKS.length + EXTRA_PORTS.length);
    const env = { MODELS_DIR: modelsDir, ...describePorts(ports) };
    const server = new PeerProcess({ name, python, peersDir, workDir, env });
    try {
      const target = describeTarget(name, locate(name, ports), server);
      const calls = works.flatMap((work) => target.calls(work));
      const askAll = () => Promise.all(calls.map(({ call }) => sendOnce(call)));
      await server.untilReady(askAll, READY_LIMIT_MS, signal);
      return target;
    } catch (error) {
      await server.stop();
      throw error;
    }
  };
}

/** Ports beside one for every work, by the variable that carries them. */
const EXTRA_PORTS = ['GRPC_PORT', 'METRICS_PORT', 'MANAGEMENT_PORT', 'INTERNAL_PORT'] as const;

function describePorts(ports: readonly number[]): Record<string, string> {
  const extra = EXTRA_PORTS.map((variable, index) => [variable, String(ports[WORKS.length + index])]);
  return {
    HTTP_PORTS: ports.slice(0, WORKS.length).join(),
    ...(Object.fromEntries(extra) as Record<string, string>),
  };
}

function locate(name: keyof typeof OFFERS, ports: readonly number[]): Addresses {
  // MLflow serves one model per server.
  const portOf = (index: number) => ports[name === 'mlflow' ? index : 0];
  return {
    http: Object.fromEntries(WORKS.map((work, index) => [work, `http://127.0.0.1:${portOf(index)}`])),
    grpc: `http://127.0.0.1:${ports[WORKS.length]}`,
  };
}

function describeTarget(label: keyof typeof OFFERS, addresses: Addresses, server: PeerProcess): Target {
  return {
    calls: (work) => callsOf(OFFERS[label], addresses, work).map((call) => ({ label, call })),
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    stop: () => server.stop(),
  };
}

function callsOf({ json, binary, grpc }: Offer, addresses: Addresses, work: Work): TargetCall['call'][] {
  const url = addresses.http[work.name] ?? '';
  const calls: TargetCall['call'][] = [];
  if (work.name !== 'binary1mb') calls.push(json === 'oip' ? jsonCall(url, work) : mlflowCall(url, work));
  else if (binary !== undefined) calls.push(binary === 'oip' ? binaryCall(url, work) : rawCall(url, work));
  if (grpc) calls.push(grpcCall(addresses.grpc, work));
  return calls;
}
