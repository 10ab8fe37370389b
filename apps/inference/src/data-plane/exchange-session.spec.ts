import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { inference } from '@aimass/contracts';
import { ExchangeSession } from './exchange-session.js';
import type { CallHandler } from './exchange-session.js';
import type { PendingCall } from './pending-call.js';

/** The replica's end of a stream; `isSlow` makes every write ask for patience. */
class FakeStream extends EventEmitter {
  readonly frames: inference.ExchangeResponse[] = [];
  isSlow = false;
  isEnded = false;
  write(frame: inference.ExchangeResponse): boolean {
    this.frames.push(frame);
    return !this.isSlow;
  }
  end(): void {
    this.isEnded = true;
  }
  send(ids: number[], cancelledCallIds: number[] = []): void {
    const calls = ids.map((callId) => inference.InferCall.create({ callId }));
    this.emit('data', { calls, cancelledCallIds, ping: 0 });
  }
  answered(): number[][] {
    return this.frames.map((frame) => frame.answers.map((answer) => answer.callId));
  }
}

/** Tracks every call and answers none by itself. */
class Handler implements CallHandler {
  readonly calls = new Map<number, { isCancelled: boolean }>();
  isClosed = false;
  accept({ callId }: inference.InferCall, session: ExchangeSession): void {
    const call = { callId, isCancelled: false };
    this.calls.set(callId, call);
    session.track(call as PendingCall);
  }
  closed(): void {
    this.isClosed = true;
  }
}

const timing = { queueUs: 1, computeUs: 2 };
const encoded = { body: Buffer.from('{}'), jsonLength: undefined };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
let stream: FakeStream;
let handler: Handler;
let session: ExchangeSession;

beforeEach(async () => {
  stream = new FakeStream();
  handler = new Handler();
  const limits = { windowCalls: 4, maxMessageBytes: 4 * 1024 * 1024 };
  session = new ExchangeSession(stream, handler, limits);
  session.open();
  await turn();
});

describe('credits', () => {
  it('are given at the start, before any call', () => {
    expect(stream.frames).toEqual([{ answers: [], credits: 4, pong: 0 }]);
  });

  it('come back with the answers', async () => {
    stream.send([1, 2]);
    session.answer(1, encoded, timing);
    session.answer(2, encoded, timing);
    await turn();
    expect(stream.frames.at(-1)).toMatchObject({ credits: 2 });
  });

  it('come back for cancelled calls, which are not answered', async () => {
    stream.send([1]);
    stream.send([], [1, 99]);
    await turn();
    expect(handler.calls.get(1)?.isCancelled).toBe(true);
    expect(stream.frames.at(-1)).toEqual({ answers: [], credits: 1, pong: 0 });
  });

  it('are enforced: a call beyond them is refused with 503 and reaches no model', async () => {
    stream.send([1, 2, 3, 4, 5]);
    await turn();
    expect([...handler.calls.keys()]).toEqual([1, 2, 3, 4]);
    expect(stream.frames.at(-1)?.answers).toMatchObject([{ callId: 5, status: 503 }]);
  });
});

describe('answers', () => {
  it('of one event-loop turn leave in one frame, in the order they became ready', async () => {
    stream.send([1, 2, 3]);
    session.answer(3, encoded, timing);
    session.answer(1, encoded, timing);
    expect(stream.frames).toHaveLength(1);
    await turn();
    expect(stream.answered()).toEqual([[], [3, 1]]);
  });

  it('wait while the gateway does not read, and leave together once it does', async () => {
    stream.send([1, 2, 3]);
    stream.isSlow = true;
    session.answer(1, encoded, timing);
    await turn();
    session.answer(2, encoded, timing);
    await turn();
    session.answer(3, encoded, timing);
    await turn();
    expect(stream.answered()).toEqual([[], [1]]);
    stream.isSlow = false;
    stream.emit('drain');
    await turn();
    expect(stream.answered()).toEqual([[], [1], [2, 3]]);
  });

  it('are split over frames when they are large', async () => {
    stream.send([1, 2, 3]);
    for (const id of [1, 2, 3]) session.answer(id, { ...encoded, body: Buffer.alloc(700 * 1024) }, timing);
    await turn();
    expect(stream.answered()).toEqual([[], [1], [2], [3]]);
  });

  it('that fit into no message are told from those that do', () => {
    expect(session.fits({ ...encoded, body: Buffer.alloc(5 * 1024 * 1024) })).toBe(false);
    expect(session.fits({ ...encoded, body: Buffer.alloc(3 * 1024 * 1024) })).toBe(true);
  });
});

describe('a ping', () => {
  it('is answered at once, whatever waits for the engine', () => {
    stream.send([1, 2]);
    stream.emit('data', { calls: [], cancelledCallIds: [], ping: 7 });
    expect(stream.frames.at(-1)).toEqual({ answers: [], credits: 0, pong: 7 });
  });
});

describe('the end', () => {
  it('drops queued work when the stream breaks', async () => {
    stream.send([1, 2]);
    stream.emit('cancelled');
    session.answer(1, encoded, timing);
    await turn();
    expect([...handler.calls.values()].every((call) => call.isCancelled)).toBe(true);
    expect(handler.isClosed).toBe(true);
    expect(stream.answered()).toEqual([[]]);
  });

  it('waits for what is owed when the gateway has said all it wants', async () => {
    stream.send([1]);
    stream.emit('end');
    expect(stream.isEnded).toBe(false);
    session.answer(1, encoded, timing);
    await turn();
    expect(stream.answered()).toEqual([[], [1]]);
    expect(stream.isEnded).toBe(true);
  });

  it('comes with a reason when an id is used twice', () => {
    const errors: unknown[] = [];
    stream.on('error', (error) => errors.push(error));
    stream.send([1]);
    stream.send([1]);
    expect(errors).toEqual([{ code: 3, details: 'call_id 1 is under way already' }]);
    expect(handler.isClosed).toBe(true);
  });
});
