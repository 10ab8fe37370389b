import { GrpcConnection } from '../load/grpc-connection.js';
import type { Answer, Call } from '../load/call.js';

/** No target takes longer for one request. */
const LIMIT_MS = 10_000;

/** Sends a call once. Throws unless the answer is a good one. */
export function sendOnce(call: Call): Promise<Answer> {
  return call.protocol === 'grpc' ? sendGrpc(call) : sendHttp(call);
}

async function sendHttp({ url, headers, body }: Call): Promise<Answer> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers },
    body: new Uint8Array(body),
    signal,
  });
  const answer = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(`status ${response.status}: ${answer.toString().slice(0, 300)}`);
  return { headers: Object.fromEntries(response.headers), body: answer };
}

async function sendGrpc(call: Call): Promise<Answer> {
  const connection = await GrpcConnection.open(call.url);
  try {
    return await connection.call(call);
  } finally {
    connection.close();
  }
}
