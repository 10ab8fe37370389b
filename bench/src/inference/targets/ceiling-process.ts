import fastify from 'fastify';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/**
 * The ceiling: what a Node program does that has the model in its own process and nothing else to care about. No key, no
 * limit, no metering, no batching, no check of what came in but JSON.parse.
 */
interface TensorJson {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const LENGTH_HEADER = 'inference-header-content-length';

const [modelsDir = '', ...names] = process.argv.slice(2);
const sessions = new Map<string, InferenceSession>();
for (const name of names) {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  sessions.set(name, await InferenceSession.create(join(modelsDir, `${name}.onnx`), options));
}

const app = fastify({ forceCloseConnections: true, bodyLimit: 64 * 1024 * 1024 });
app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
  done(null, body),
);

app.post<{ Params: { name: string } }>('/v2/models/:name/infer', async (request, reply) => {
  const { name } = request.params;
  const session = sessions.get(name);
  if (!session) return reply.code(404).send({ error: `There is no model ${name}.` });
  const { body } = request;
  if (!Buffer.isBuffer(body)) return inferJson(name, session, body as { inputs: TensorJson[] });
  const answer = await inferBinary(name, session, body, Number(request.headers[LENGTH_HEADER]));
  return reply
    .header('content-type', 'application/octet-stream')
    .header(LENGTH_HEADER, answer.jsonBytes)
    .send(answer.body);
});

async function inferJson(model_name: string, session: InferenceSession, body: { inputs: TensorJson[] }) {
  const feeds: Record<string, Tensor> = {};
  for (const { name, shape, data } of body.inputs) {
    feeds[name] = new Tensor('float32', Float32Array.from(data), [...shape]);
  }
  const results = await session.run(feeds);
  const outputs = Object.entries(results).map(([name, { dims, data }]) => ({
    name,
    datatype: 'FP32',
    shape: dims,
    data: Array.from(data as Float32Array),
  }));
  return { model_name, outputs };
}

/** One tensor in, one tensor out. */
async function inferBinary(
  model_name: string,
  session: InferenceSession,
  body: Buffer,
  jsonBytes: number,
): Promise<{ jsonBytes: number; body: Buffer }> {
  const { inputs } = JSON.parse(body.toString('utf8', 0, jsonBytes)) as { inputs: TensorJson[] };
  const [input] = inputs;
  const [outputName] = session.outputNames;
  if (!input || outputName === undefined) throw new Error('One input, one output.');
  // The copy puts the values at a multiple of four, as Float32Array wants them.
  const values = new Float32Array(Uint8Array.prototype.slice.call(body, jsonBytes).buffer);
  const results = await session.run({ [input.name]: new Tensor('float32', values, [...input.shape]) });
  const result = results[outputName];
  if (!result) throw new Error('The model answered nothing.');
  const data = result.data as Float32Array;
  const parameters = { binary_data_size: data.byteLength };
  const output = { name: outputName, datatype: 'FP32', shape: result.dims, parameters };
  const json = Buffer.from(JSON.stringify({ model_name, outputs: [output] }));
  const tensor = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { jsonBytes: json.length, body: Buffer.concat([json, tensor]) };
}

await app.listen({ host: '127.0.0.1', port: 0 });
process.on('disconnect', () => process.exit(0));
process.send?.({ port: (app.server.address() as AddressInfo).port });
