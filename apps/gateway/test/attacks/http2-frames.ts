import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const FRAME_TYPES = { DATA: 0, HEADERS: 1, RST_STREAM: 3, SETTINGS: 4, PING: 6, GOAWAY: 7, CONTINUATION: 9 };
export const END_STREAM = 0x1;
export const END_HEADERS = 0x4;
const HEADER_BYTES = 9;

/** A frame of HTTP/2, made by hand: no library sends what the attacks send. */
export function frame(
  type: keyof typeof FRAME_TYPES,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
  flags = 0,
): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(FRAME_TYPES[type], 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header block of literals that are not indexed; names and values below 127 bytes. */
export function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => [
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]),
  );
}

/** The header block of a gRPC call. */
export function grpcHeaders(path: string, key?: string): Buffer {
  return headerBlock({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'gateway',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  });
}

/** A message in a DATA frame. */
export function grpcData(stream: number, message: Buffer, flags = END_STREAM): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return frame('DATA', stream, Buffer.concat([head, message]), flags);
}

/** A SETTINGS frame with these identifiers and values. */
export function settings(values: readonly (readonly [number, number])[] = []): Buffer {
  const payload = Buffer.alloc(values.length * 6);
  values.forEach(([identifier, value], index) => {
    payload.writeUInt16BE(identifier, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return frame('SETTINGS', 0, payload);
}

/** A connection that has said its preface. */
export class Http2Attacker {
  readonly socket: Socket;
  isClosed = false;
  private readonly chunks: Buffer[] = [];

  constructor(port: number, firstSettings: Buffer = settings()) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isClosed = true));
    this.socket.on('data', (chunk: Buffer) => this.chunks.push(chunk));
    this.socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), firstSettings]));
  }

  /** Sends frames; resolves once the socket takes more, or has ended. */
  async send(...frames: readonly Buffer[]): Promise<void> {
    if (!this.socket.writable || this.socket.write(Buffer.concat(frames))) return;
    await new Promise<void>((resolve) => {
      this.socket.once('drain', resolve);
      this.socket.once('close', resolve);
    });
  }

  /** The types and error codes of GOAWAY frames that came, in order. */
  goaways(): number[] {
    return this.frames('GOAWAY').map((payload) => payload.readUInt32BE(4));
  }

  /** The payloads of all frames of a type that came, in order. */
  frames(type: keyof typeof FRAME_TYPES): Buffer[] {
    const bytes = Buffer.concat(this.chunks);
    const found: Buffer[] = [];
    for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
      const length = bytes.readUIntBE(at, 3);
      const end = at + HEADER_BYTES + length;
      if (bytes[at + 3] === FRAME_TYPES[type]) found.push(bytes.subarray(at + HEADER_BYTES, end));
      at = end;
    }
    return found;
  }

  close(): void {
    this.socket.destroy();
  }
}

/** The status of a gRPC call whose message is sent as these bytes, and not ended; from its headers. */
export async function statusOfUnended(
  url: string,
  path: string,
  options: { key?: string; bytes?: Buffer },
): Promise<{ code: number; message: string }> {
  const session = connectHttp2(url);
  session.on('error', () => undefined);
  const stream = session.request({
    ...{ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' },
    ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
  });
  stream.on('error', () => undefined);
  if (options.bytes) stream.write(options.bytes);
  const headers = await new Promise<Record<string, unknown>>((resolve) => stream.once('response', resolve));
  session.destroy();
  return { code: Number(headers['grpc-status']), message: decodeURI(String(headers['grpc-message'])) };
}
