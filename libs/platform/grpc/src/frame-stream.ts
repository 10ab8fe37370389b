import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { MAX_MESSAGE_BYTES } from './grpc-server.js';

/** How the frames of one direction are written and read. */
export interface FrameCodec<Frame> {
  /** Writes the message without the bodies of its parts. */
  encode(frame: Frame, writer: BinaryWriter): BinaryWriter;
  decode(bytes: Uint8Array): Frame;
  /** The parts that have a body, in the order of the message. */
  parts(frame: Frame): readonly { body: Buffer }[];
}

/** What comes, and what is sent. */
export interface FrameCodecs<In, Out> {
  readonly incoming: FrameCodec<In>;
  readonly outgoing: FrameCodec<Out>;
}

interface FrameEvents<In> {
  /** A whole frame came. */
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
const PREFACE = Buffer.from('AMF2');
/** Length of the message, and of all that follows it. */
const HEAD_BYTES = 8;
const LENGTH_BYTES = 4;
/** Bodies are bounded like messages, and the message that names them comes on top. */
const MAX_FRAME_BYTES = 2 * MAX_MESSAGE_BYTES;
/** Bodies that together are larger go to the socket as they are; copying small ones costs less than handing them over. */
const COPIED_BYTES = 32 * 1024;

/**
 * Frames over one TCP connection in both directions, after a preface of four bytes from the side that connects. A frame is
 * `message length · rest length · message · body length of each part · bodies`, the lengths as `uint32 LE`: bodies stay out
 * of the message, so that neither side copies a large one to encode or decode it. It has the events and methods of a gRPC
 * stream as far as the data plane uses them, at less cost: Node writes HTTP/2 only at the end of an event-loop turn, and its
 * framing took a third of the gateway's time for a small prediction (ADR 0009).
 */
export class FrameStream<In, Out> extends EventEmitter<FrameEvents<In>> {
  private parts: Buffer[] = [];
  private gathered = 0;
  private wanted = 0;
  private isGreeted: boolean;

  private constructor(
    private readonly socket: Socket,
    private readonly codecs: FrameCodecs<In, Out>,
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
  static client<In, Out>(socket: Socket, codecs: FrameCodecs<In, Out>): FrameStream<In, Out> {
    const stream = new FrameStream(socket, codecs, false);
    socket.write(PREFACE);
    return stream;
  }

  /** The listening side's end. */
  static server<In, Out>(socket: Socket, codecs: FrameCodecs<In, Out>): FrameStream<In, Out> {
    return new FrameStream(socket, codecs, true);
  }

  /** Sends a frame at once. False: the other side reads too slowly; `drain` says when to go on. */
  write(frame: Out): boolean {
    const { outgoing } = this.codecs;
    const message = outgoing.encode(frame, new BinaryWriter()).finish();
    const bodies = outgoing.parts(frame).map((part) => part.body);
    const restBytes = bodies.reduce((sum, body) => sum + LENGTH_BYTES + body.length, 0);
    const headBytes = HEAD_BYTES + message.length + bodies.length * LENGTH_BYTES;
    const isCopied = restBytes <= COPIED_BYTES;
    const buffer = Buffer.allocUnsafe(isCopied ? HEAD_BYTES + message.length + restBytes : headBytes);
    buffer.writeUInt32LE(message.length, 0);
    buffer.writeUInt32LE(restBytes, LENGTH_BYTES);
    buffer.set(message, HEAD_BYTES);
    let at = HEAD_BYTES + message.length;
    for (const body of bodies) at = buffer.writeUInt32LE(body.length, at);
    if (!isCopied) return this.writeAll([buffer, ...bodies]);
    for (const body of bodies) {
      buffer.set(body, at);
      at += body.length;
    }
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

  private writeAll(buffers: readonly Buffer[]): boolean {
    this.socket.cork();
    let isRoomy = true;
    for (const buffer of buffers) if (buffer.length > 0) isRoomy = this.socket.write(buffer);
    this.socket.uncork();
    return isRoomy;
  }

  /** Keeps chunks apart until a whole frame is there, so that a large one is copied once. */
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

  /** Hands out the whole frames; returns where the first that is not whole begins. Throws for what is no frame. */
  private read(bytes: Buffer): number {
    let at = this.isGreeted ? 0 : this.readPreface(bytes);
    while (this.isGreeted && bytes.length - at >= HEAD_BYTES) {
      const messageAt = at + HEAD_BYTES;
      const restAt = messageAt + bytes.readUInt32LE(at);
      const end = restAt + bytes.readUInt32LE(at + LENGTH_BYTES);
      if (end - messageAt > MAX_FRAME_BYTES)
        throw new Error(`a frame of ${end - messageAt} bytes is announced`);
      this.wanted = end - at;
      if (end > bytes.length) return at;
      const frame = this.codecs.incoming.decode(bytes.subarray(messageAt, restAt));
      takeBodies(this.codecs.incoming.parts(frame), bytes.subarray(restAt, end));
      at = end;
      if (this.socket.destroyed) break;
      this.emit('data', frame);
    }
    this.wanted = HEAD_BYTES;
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

/** Gives every part its body: a view, since nothing changes the bytes of a frame any more. */
function takeBodies(parts: readonly { body: Buffer }[], rest: Buffer): void {
  let at = parts.length * LENGTH_BYTES;
  for (const [index, part] of parts.entries()) {
    const end = at + (at <= rest.length ? rest.readUInt32LE(index * LENGTH_BYTES) : Infinity);
    if (end > rest.length) throw new Error('a frame whose bodies are longer than announced');
    part.body = rest.subarray(at, end);
    at = end;
  }
  if (at !== rest.length) throw new Error('a frame whose bodies are shorter than announced');
}
