import { oip } from '@aimass/contracts';
import { eventually } from '@aimass/testing';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS, startGatewayProcess } from './attacks/gateway-process.js';
import type { GatewayProcess } from './attacks/gateway-process.js';
import {
  END_HEADERS,
  END_STREAM,
  frame,
  grpcData,
  grpcHeaders,
  headerBlock,
  Http2Attacker,
  settings,
  statusOfUnended,
} from './attacks/http2-frames.js';
import { inferRequest, OipGrpcClient } from './proxy/grpc-client.js';

const MIB = 1024 * 1024;
const INFER = '/inference.GRPCInferenceService/ModelInfer';
const LIVE = '/inference.GRPCInferenceService/ServerLive';
const INITIAL_WINDOW_SIZE = 4;
const service = oip.GRPCInferenceServiceService;
let gateway: GatewayProcess;
let client: OipGrpcClient;
const attackers: Http2Attacker[] = [];

beforeAll(async () => {
  gateway = await startGatewayProcess();
  client = new OipGrpcClient(gateway.url, gateway.key);
});
afterEach(() => {
  for (const attacker of attackers.splice(0)) attacker.close();
});
afterAll(async () => {
  client.close();
  await gateway.stop();
});

function attack(firstSettings?: Buffer): Http2Attacker {
  const attacker = new Http2Attacker(gateway.port, firstSettings);
  attackers.push(attacker);
  return attacker;
}

/** The gateway lives, is small, serves others, and its event loop is free again. */
async function isWell(before: { rssBytes: number }): Promise<void> {
  await eventually(async () => {
    gateway.resetProbe();
    for (let index = 0; index < 20; index++) {
      expect((await client.unary(service.modelInfer, inferRequest('faithful'))).code).toBe(status.OK);
      expect(await gateway.infer()).toBe(200);
    }
    expect((await gateway.probe()).p99Ms).toBeLessThan(50);
    return true;
  });
  expect(gateway.isAlive()).toBe(true);
  expect((await gateway.probe()).rssBytes - before.rssBytes).toBeLessThan(96 * MIB);
}

describe('48: floods of HTTP/2 frames', () => {
  it('rapid reset: GOAWAY, and the event loop is free again', async () => {
    const before = await gateway.probe();
    const attacker = attack();
    const headers = grpcHeaders(INFER, gateway.key);
    for (let stream = 1; stream < 10_000 && attacker.socket.writable; stream += 2) {
      await attacker.send(
        frame('HEADERS', stream, headers, END_HEADERS),
        frame('RST_STREAM', stream, Buffer.from([0, 0, 0, 8])),
      );
    }
    await eventually(() => (attacker.goaways().length > 0 ? true : undefined));
    await isWell(before);
  });

  it('CONTINUATION without end: the connection ends, and nothing is gathered', async () => {
    const before = await gateway.probe();
    const attacker = attack();
    await attacker.send(frame('HEADERS', 1, grpcHeaders(INFER, gateway.key)));
    const more = frame('CONTINUATION', 1, headerBlock({ 'x-filler': 'f'.repeat(100) }));
    for (let sent = 0; sent < 100_000 && !attacker.isClosed; sent++) await attacker.send(more);
    await eventually(() => (attacker.isClosed ? true : undefined));
    await isWell(before);
  });

  it.each([
    ['PING', frame('PING', 0, Buffer.alloc(8))],
    ['SETTINGS', settings([[INITIAL_WINDOW_SIZE, 65_535]])],
  ])('%s whose answers nobody takes: the connection ends', async (_type, flood) => {
    const before = await gateway.probe();
    const attacker = attack();
    attacker.socket.pause();
    const many = Buffer.concat(Array.from({ length: 1_000 }, () => flood));
    for (let sent = 0; sent < 2_000 && attacker.socket.writable; sent++) {
      await Promise.race([attacker.send(many), eventually(() => (attacker.isClosed ? true : undefined))]);
    }
    await eventually(() => (attacker.socket.writable ? undefined : true));
    await isWell(before);
  });

  it('more streams at a time than are allowed: the rest is refused', async () => {
    const before = await gateway.probe();
    const attacker = attack();
    const headers = grpcHeaders(INFER, gateway.key);
    for (let stream = 1; stream < 2_000; stream += 2) {
      await attacker.send(frame('HEADERS', stream, headers, END_HEADERS));
    }
    await eventually(() =>
      attacker.frames('RST_STREAM').length + attacker.goaways().length > 0 ? true : undefined,
    );
    await isWell(before);
  });
});

describe('47: gRPC clients that take their time', () => {
  it('with their message get DEADLINE_EXCEEDED', async () => {
    const startedMs = performance.now();
    const bytes = Buffer.from([0, 0, 0, 16, 0, 1, 2]);
    expect(await statusOfUnended(gateway.url, INFER, { key: gateway.key, bytes })).toEqual({
      code: status.DEADLINE_EXCEEDED,
      message: 'The message did not arrive in time.',
    });
    expect(performance.now() - startedMs).toBeGreaterThan(LIMITS.REQUEST_TIMEOUT_MS - 100);
  });

  it('with taking their answers are cut off', async () => {
    const before = await gateway.probe();
    const attacker = attack(settings([[INITIAL_WINDOW_SIZE, 0]]));
    const message = Buffer.from(oip.ModelInferRequest.encode(inferRequest('faithful')).finish());
    await attacker.send(
      frame('HEADERS', 1, grpcHeaders(INFER, gateway.key), END_HEADERS),
      grpcData(1, message),
    );
    await eventually(() => (attacker.frames('HEADERS').length > 0 ? true : undefined));
    // Earlier than by the pings that the attacker does not answer: it could.
    await eventually(() => (attacker.isClosed ? true : undefined), 3 * LIMITS.REQUEST_TIMEOUT_MS);
    await isWell(before);
  });

  it('without a key are refused by their headers alone, before any message', async () => {
    const { code } = await statusOfUnended(gateway.url, INFER, {});
    expect(code).toBe(status.UNAUTHENTICATED);
  });
});

describe('50: gRPC messages', () => {
  it('that are too large are RESOURCE_EXHAUSTED', async () => {
    const before = await gateway.probe();
    const request = inferRequest('faithful', { rawInputContents: [Buffer.alloc(2 * MIB)] });
    expect((await client.unary(service.modelInfer, request)).code).toBe(status.RESOURCE_EXHAUSTED);
    await isWell(before);
  });

  it('that claim to be 4 GB are refused before a byte of them is kept', async () => {
    const before = await gateway.probe();
    const bytes = Buffer.from([0, 255, 255, 255, 255, 1]);
    const { code, message } = await statusOfUnended(gateway.url, INFER, { key: gateway.key, bytes });
    expect([code, message]).toEqual([status.RESOURCE_EXHAUSTED, expect.stringMatching(/larger than max/)]);
    await isWell(before);
  });

  it('that unpack to much more are RESOURCE_EXHAUSTED, and unpacked only as far as the limit', async () => {
    const before = await gateway.probe();
    const gzip = new OipGrpcClient(gateway.url, gateway.key, { 'grpc.default_compression_algorithm': 2 });
    const request = inferRequest('faithful', { rawInputContents: [Buffer.alloc(50 * MIB)] });
    const { code, details } = await gzip.unary(service.modelInfer, request);
    expect([code, details]).toEqual([status.RESOURCE_EXHAUSTED, expect.stringMatching(/decompresses/)]);
    const small = await gzip.unary(service.modelInfer, inferRequest('faithful'));
    expect(small.code).toBe(status.OK);
    gzip.close();
    await isWell(before);
  });

  it('of endless fields are refused without keeping the event loop', async () => {
    const before = await gateway.probe();
    gateway.resetProbe();
    const raw = {
      ...service.modelInfer,
      requestSerialize: (bytes: Buffer) => bytes,
      requestDeserialize: (bytes: Buffer) => bytes,
    };
    const fields = Buffer.alloc(900 * 1024, Buffer.from([0x40, 0x01]));
    expect((await client.unary(raw, fields)).code).toBe(status.INVALID_ARGUMENT);
    expect((await gateway.probe()).maxMs).toBeLessThan(50);
    await isWell(before);
  });

  it('for methods and services that are not there are UNIMPLEMENTED', async () => {
    for (const path of [
      '/inference.GRPCInferenceService/Nothing',
      '/other.Service/ModelInfer',
      LIVE.toLowerCase(),
    ]) {
      const { code } = await client.unary({ ...service.serverLive, path }, {});
      expect(code).toBe(status.UNIMPLEMENTED);
    }
  });

  it('without a deadline get one', async () => {
    gateway.replica.behaviour = 'keep';
    const startedMs = performance.now();
    const { code } = await client.unary(service.modelInfer, inferRequest('faithful'));
    gateway.replica.behaviour = 'answer';
    expect(code).toBe(status.DEADLINE_EXCEEDED);
    expect(performance.now() - startedMs).toBeLessThan(LIMITS.REQUEST_TIMEOUT_MS + 2_000);
  });

  it('whose frames are cut or out of place end their connection only', async () => {
    const before = await gateway.probe();
    const attacker = attack();
    await attacker.send(frame('DATA', 5, Buffer.alloc(10), END_STREAM), Buffer.alloc(64, 0xff));
    await eventually(() => (attacker.isClosed || attacker.goaways().length > 0 ? true : undefined));
    await isWell(before);
  });
});
