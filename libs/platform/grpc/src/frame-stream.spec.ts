import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { inference, requestFrames } from '@aimass/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FrameStream } from './frame-stream.js';

type Parts = inference.ExchangeRequest;
type Stream = FrameStream<Parts, Parts>;
const codecs = { incoming: requestFrames, outgoing: requestFrames };

let server: Server;
let accepted: Promise<Stream>;
let sockets: Socket[];

beforeEach(async () => {
  sockets = [];
  server = createServer();
  accepted = new Promise((resolve) =>
    server.once('connection', (socket) => {
      sockets.push(socket);
      resolve(FrameStream.server(socket, codecs));
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

function dial(): Socket {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  return socket;
}

/** A frame with one part for each body of so many bytes. */
function frame(name: string, ...bytes: number[]): Parts {
  const calls = bytes.map((length, index) =>
    inference.InferCall.create({ callId: index + 1, modelName: name, body: Buffer.alloc(length, index + 7) }),
  );
  return { calls, cancelledCallIds: [], ping: 0 };
}

/** Comparing megabytes element by element would take seconds. */
function outline({ calls }: Parts): [string, number][] {
  return calls.map(({ modelName, callId, body }) => {
    return [modelName, body.every((byte) => byte === callId + 6) ? body.length : -1];
  });
}

/** The next `count` frames. */
function frames(stream: Stream, count: number): Promise<Parts[]> {
  const heard: Parts[] = [];
  return new Promise((resolve) =>
    stream.on('data', (next) => {
      heard.push(next);
      if (heard.length === count) resolve(heard);
    }),
  );
}

/** What a server hears of raw bytes: an error, or a message. */
async function hear(bytes: Uint8Array): Promise<unknown> {
  const socket = dial();
  socket.on('error', () => undefined);
  const stream = await accepted;
  const heard = new Promise((resolve) => stream.once('error', resolve).once('data', resolve));
  socket.write(bytes);
  return heard;
}

describe('frames', () => {
  it('arrive whole and in order in both directions, with small, large and empty bodies', async () => {
    const client = FrameStream.client(dial(), codecs);
    const other = await accepted;
    const sent = [frame('a', 1), frame('b', 3_000_000, 0, 2), frame('none'), frame('c', 10, 20_000)];
    const there = frames(other, sent.length);
    for (const each of sent) client.write(each);
    expect((await there).map(outline)).toEqual(sent.map(outline));
    const back = frames(client, 1);
    other.write(frame('d', 100_000));
    expect((await back).map(outline)).toEqual([[['d', 100_000]]]);
  });

  it('arrive whole when they come byte by byte', async () => {
    const { calls } = frame('slow', 2, 3);
    const bytes = encode(calls, [Buffer.alloc(2, 7), Buffer.alloc(3, 8)]);
    const socket = dial();
    socket.setNoDelay(true);
    const heard = frames(await accepted, 2);
    for (const byte of Buffer.concat([Buffer.from('AMF2'), bytes, bytes])) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await heard).map(outline)).toEqual([outline(frame('slow', 2, 3)), outline(frame('slow', 2, 3))]);
  });

  it('that were written leave before the end', async () => {
    const client = FrameStream.client(dial(), codecs);
    const other = await accepted;
    const heard = frames(other, 1);
    const ended = once(other, 'end');
    client.write(frame('last', 1_000_000));
    client.end();
    expect(await heard).toHaveLength(1);
    await ended;
  });
});

describe('a connection is given up', () => {
  const { calls } = frame('odd', 2);
  it.each([
    ['when something else speaks', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['when a frame beyond all limits is announced', greeted('\0\0\0\0\xff\xff\xff\xff')],
    ['when a frame is no message', greeted('\x02\0\0\0\0\0\0\0\x0a\x7f')],
    ['when bodies are missing', Buffer.concat([greeted(''), encode(calls, [])])],
    ['when there is more than the bodies', Buffer.concat([greeted(''), encode([], [Buffer.alloc(3)])])],
    [
      'when a body is longer than the frame',
      Buffer.concat([greeted(''), encode(calls, [Buffer.alloc(3)], 4)]),
    ],
    [
      'when a body is shorter than the frame',
      Buffer.concat([greeted(''), encode(calls, [Buffer.alloc(3)], 2)]),
    ],
  ])('%s, and nothing is handed out', async (_, bytes) => {
    expect(await hear(bytes)).toBeInstanceOf(Error);
    await once(await accepted, 'close');
  });
});

function greeted(rest: string): Buffer {
  return Buffer.from(`AMF2${rest}`, 'latin1');
}

/** A frame as it travels; `saidBytes` is what it says of each body's length, if that is not the truth. */
function encode(calls: Parts['calls'], bodies: readonly Buffer[], saidBytes?: number): Buffer {
  const bare = calls.map((call) => ({ ...call, body: Buffer.alloc(0) }));
  const message = inference.ExchangeRequest.encode({ calls: bare, cancelledCallIds: [], ping: 0 }).finish();
  const rest = Buffer.concat([...bodies.map((body) => uint32(saidBytes ?? body.length)), ...bodies]);
  return Buffer.concat([uint32(message.length), uint32(rest.length), message, rest]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
