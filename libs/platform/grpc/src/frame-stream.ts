import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { MAX_MESSAGE_BYTES } from './grpc-server.js';

/** How the messages of the two directions are written and read: the generated functions of two proto messages. */
export interface FrameCodec<In, Out> {
  encode(frame: Out, writer: BinaryWriter): BinaryWriter;
  decode(bytes: Uint8Array): In;
}

interface FrameEvents<In> {
  /** A whole message came. */
  data: [In];
  /** What `write` was told to wait for has left. */
  drain: [];
  /** The other side has said all it wants. */
  end: [];
  /** The connection is gone, or is given up because of this. */
  error: [unknown];
  close: [];
}

/** What the connecting side says first, so that nothing else is taken for frames. */
const PREFACE = Buffer.from('AMF1');
const LENGTH_BYTES = 4;
const LENGTH_ROOM = new Uint8Array(LENGTH_BYTES);

/**
 * Proto messages over one TCP connection in both directions: `uint32 LE length · message`, after a preface of four bytes
 * from the side that connects. It has the events and methods of a gRPC stream as far as the data plane uses them, at
 * less cost: Node writes HTTP/2 only at the end of an event-loop turn, and its framing took a third of the gateway's time
 * for a small prediction (ADR 0009).
 */
export class FrameStream<In, Out> extends EventEmitter<FrameEvents<In>> {
  private parts: Buffer[] = [];
  private gathered = 0;
  private wanted = 0;
  private isGreeted: boolean;

  private constructor(
    private readonly socket: Socket,
    private readonly codec: FrameCodec<In, Out>,
    isServer: boolean,
  ) {
    super();
    this.isGreeted = !isServer;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 10_000);
    socket.on('data', (chunk: Buffer) => this.gather(chunk));
    socket.on('drain', () => this.emit('drain'));
    socket.on('end', () => this.emit('end'));
    socket.on('error', (error) => this.emit('error', error));
    socket.on('close', () => this.emit('close'));
    this.on('error', () => socket.destroy());
  }

  /** The connecting side's end. */
  static client<In, Out>(socket: Socket, codec: FrameCodec<In, Out>): FrameStream<In, Out> {
    const stream = new FrameStream(socket, codec, false);
    socket.write(PREFACE);
    return stream;
  }

  /** The listening side's end. */
  static server<In, Out>(socket: Socket, codec: FrameCodec<In, Out>): FrameStream<In, Out> {
    return new FrameStream(socket, codec, true);
  }

  /** Sends a message at once. False: the other side reads too slowly; `drain` says when to go on. */
  write(frame: Out): boolean {
    const bytes = this.codec.encode(frame, new BinaryWriter().raw(LENGTH_ROOM)).finish();
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    buffer.writeUInt32LE(buffer.length - LENGTH_BYTES, 0);
    return this.socket.write(buffer);
  }

  /** Says that nothing more is sent; what was written still leaves. */
  end(): void {
    this.socket.end();
  }

  /** Gives the connection up. */
  cancel(): void {
    this.socket.destroy();
  }

  /** Keeps chunks apart until a whole message is there, so that a large one is copied once. */
  private gather(chunk: Buffer): void {
    this.parts.push(chunk);
    this.gathered += chunk.length;
    if (this.gathered < this.wanted) return;
    const bytes = this.parts.length === 1 ? chunk : Buffer.concat(this.parts, this.gathered);
    try {
      const rest = bytes.subarray(this.read(bytes));
      this.parts = rest.length === 0 ? [] : [rest];
      this.gathered = rest.length;
    } catch (error) {
      this.parts = [];
      this.gathered = 0;
      this.emit('error', error);
    }
  }

  /** Hands out the whole messages; returns where the first that is not whole begins. Throws for what is no frame. */
  private read(bytes: Buffer): number {
    let at = this.isGreeted ? 0 : this.readPreface(bytes);
    while (this.isGreeted && bytes.length - at >= LENGTH_BYTES) {
      const length = bytes.readUInt32LE(at);
      if (length > MAX_MESSAGE_BYTES) throw new Error(`a frame of ${length} bytes is announced`);
      const end = at + LENGTH_BYTES + length;
      this.wanted = end - at;
      if (end > bytes.length) return at;
      const frame = this.codec.decode(bytes.subarray(at + LENGTH_BYTES, end));
      at = end;
      if (this.socket.destroyed) break;
      this.emit('data', frame);
    }
    this.wanted = LENGTH_BYTES;
    return at;
  }

  private readPreface(bytes: Buffer): number {
    this.wanted = PREFACE.length;
    const length = Math.min(bytes.length, PREFACE.length);
    if (bytes.compare(PREFACE, 0, length, 0, length) !== 0) throw new Error('this is no stream of frames');
    if (length < PREFACE.length) return 0;
    this.isGreeted = true;
    return length;
  }
}
