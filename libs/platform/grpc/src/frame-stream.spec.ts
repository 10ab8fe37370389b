import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Envelope } from '@aimass/contracts';
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FrameStream } from './frame-stream.js';

const codec = {
  encode: (frame: Envelope, writer: BinaryWriter) => Envelope.encode(frame, writer),
  decode: (bytes: Uint8Array) => Envelope.decode(bytes),
};
type Stream = FrameStream<Envelope, Envelope>;

let server: Server;
let accepted: Promise<Stream>;
let sockets: Socket[];

beforeEach(async () => {
  sockets = [];
  server = createServer();
  accepted = new Promise((resolve) =>
    server.once('connection', (socket) => {
      sockets.push(socket);
      resolve(FrameStream.server(socket, codec));
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

function envelope(id: string, bytes = 0): Envelope {
  return Envelope.create({ id, data: Buffer.alloc(bytes, 7) });
}

/** Comparing megabytes element by element would take seconds. */
function outline({ id, data }: Envelope): [string, number] {
  return [id, data.every((byte) => byte === 7) ? data.length : -1];
}

/** The next `count` messages. */
function messages(stream: Stream, count: number): Promise<Envelope[]> {
  const heard: Envelope[] = [];
  return new Promise((resolve) =>
    stream.on('data', (frame) => {
      heard.push(frame);
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

describe('messages', () => {
  it('arrive whole and in order in both directions, small and large', async () => {
    const client = FrameStream.client(dial(), codec);
    const other = await accepted;
    const sent = [envelope('a'), envelope('b', 3_000_000), Envelope.create(), envelope('c', 10)];
    const there = messages(other, sent.length);
    for (const message of sent) client.write(message);
    expect((await there).map(outline)).toEqual(sent.map(outline));
    const back = messages(client, 1);
    other.write(envelope('d', 100_000));
    expect((await back).map(outline)).toEqual([['d', 100_000]]);
  });

  it('arrive whole when they come byte by byte', async () => {
    const body = Envelope.encode(envelope('slow', 5)).finish();
    const length = Buffer.alloc(4);
    length.writeUInt32LE(body.length);
    const socket = dial();
    socket.setNoDelay(true);
    const heard = messages(await accepted, 2);
    for (const byte of Buffer.concat([Buffer.from('AMF1'), length, body, length, body])) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await heard).toEqual([envelope('slow', 5), envelope('slow', 5)]);
  });

  it('that were written leave before the end', async () => {
    const client = FrameStream.client(dial(), codec);
    const other = await accepted;
    const heard = messages(other, 1);
    const ended = once(other, 'end');
    client.write(envelope('last', 1_000_000));
    client.end();
    expect(await heard).toHaveLength(1);
    await ended;
  });
});

describe('a connection is given up', () => {
  it.each([
    ['when something else speaks', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['when a frame beyond all limits is announced', Buffer.from('AMF1\xff\xff\xff\xff', 'latin1')],
    ['when a frame is no message', Buffer.from('AMF1\x02\0\0\0\x0a\x7f', 'latin1')],
  ])('%s, and nothing is handed out', async (_, bytes) => {
    expect(await hear(bytes)).toBeInstanceOf(Error);
    await once(await accepted, 'close');
  });
});
