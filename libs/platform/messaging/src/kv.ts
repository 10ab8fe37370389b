import { Kvm } from '@nats-io/kv';
import type { KV, KvWatchEntry } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';

/** How a message is put into bytes; every generated message type has this shape. */
export interface MessageCodec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/** A KV bucket that holds one kind of message under each key: state that is published, not told. */
export class StateBucket<T> {
  private readonly logger = new Logger(StateBucket.name);
  private bucket: Promise<KV> | undefined;

  constructor(
    private readonly nats: NatsConnection,
    private readonly name: string,
    private readonly codec: MessageCodec<T>,
    /** An entry that is not renewed for this long disappears; 0 keeps it for ever. */
    private readonly ttlMs = 0,
  ) {}

  /** Publishes the state under a key, replacing what was there. */
  async put(key: string, message: T): Promise<void> {
    const bucket = await this.open();
    await bucket.put(key, this.codec.encode(message).finish()).catch(this.forget);
  }

  /** Takes a key away. */
  async delete(key: string): Promise<void> {
    const bucket = await this.open();
    await bucket.purge(key).catch(this.forget);
  }

  /** The state under a key, or null. */
  async find(key: string): Promise<T | null> {
    const entry = await (await this.open()).get(key);
    return entry && entry.operation === 'PUT' ? this.codec.decode(entry.value) : null;
  }

  /**
   * Follows the bucket until `signal` aborts: `apply` hears every key's present state, then every change; `null` means
   * the key is gone. `onSynced` is called once the present state is complete. While NATS is away nothing is heard and
   * the reader keeps what it has.
   */
  async follow(
    signal: AbortSignal,
    apply: (key: string, message: T | null) => void,
    onSynced: () => void = () => undefined,
  ): Promise<void> {
    let isSynced = false;
    const syncedOnce = (): void => {
      if (!isSynced) onSynced();
      isSynced = true;
    };
    while (!signal.aborted) {
      try {
        await this.followOnce(signal, apply, syncedOnce);
      } catch {
        this.bucket = undefined;
        await delay(250);
      }
    }
  }

  private async followOnce(
    signal: AbortSignal,
    apply: (key: string, message: T | null) => void,
    onSynced: () => void,
  ): Promise<void> {
    const bucket = await this.open();
    const changes = await bucket.watch();
    const stop = (): void => changes.stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (signal.aborted) return;
      // Asked for after the watch has begun: what came in between is heard as a change.
      if ((await bucket.status()).values === 0) onSynced();
      for await (const entry of changes) {
        this.hear(entry, apply);
        if (entry.delta === 0) onSynced();
      }
    } finally {
      stop();
      signal.removeEventListener('abort', stop);
    }
  }

  /** An entry that cannot be read, perhaps from a newer publisher, is passed over: the reader keeps what it has. */
  private hear(entry: KvWatchEntry, apply: (key: string, message: T | null) => void): void {
    if (entry.operation !== 'PUT') return apply(entry.key, null);
    let message: T;
    try {
      message = this.codec.decode(entry.value);
    } catch (error) {
      this.logger.warn(
        `${this.name}/${entry.key} revision ${entry.revision} cannot be read: ${String(error)}`,
      );
      return;
    }
    apply(entry.key, message);
  }

  /** The bucket may be gone, with NATS's folder: the next call makes it again. */
  private readonly forget = (error: unknown): never => {
    this.bucket = undefined;
    throw error;
  };

  private open(): Promise<KV> {
    this.bucket ??= new Kvm(this.nats)
      .create(this.name, { history: 1, ttl: this.ttlMs, max_bytes: 256 * 1024 * 1024 })
      .catch((error: unknown) => {
        this.bucket = undefined;
        throw error;
      });
    return this.bucket;
  }
}
