import { DiscardPolicy, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import type { JetStreamManager } from '@nats-io/jetstream';

const SECOND_NS = 1_000_000_000;

/**
 * Makes sure that a service's stream exists: `TRAINING` carries `training.v1.>`. A full stream refuses new messages
 * (`discard: new`), so that what was acknowledged is never dropped; the refused ones stay in the outbox.
 */
export async function ensureStream(manager: JetStreamManager, stream: string): Promise<void> {
  const config = {
    name: stream,
    subjects: [`${stream.toLowerCase()}.v1.>`],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_bytes: 512 * 1024 * 1024,
    max_msg_size: 8 * 1024 * 1024,
    max_age: 14 * 24 * 3600 * SECOND_NS,
    duplicate_window: 120 * SECOND_NS,
  };
  await manager.streams.add(config).catch(async (error: unknown) => {
    // Another process was first, perhaps with an older configuration.
    if (!(await exists(manager, stream))) throw error;
    await manager.streams.update(stream, config);
  });
}

function exists(manager: JetStreamManager, stream: string): Promise<boolean> {
  return manager.streams.info(stream).then(
    () => true,
    () => false,
  );
}
