import { Client } from 'pg';
import { SNAPSHOT_CHANNEL } from '../revisions/revisions.repository.js';

/** Arbitrary: whoever holds it in this database is the publisher, so that an older snapshot never follows a newer. */
const PUBLISHER_LOCK = 4245;

/**
 * Runs `work` while this process holds the one seat of the publisher; returns at once when another one holds it. The
 * seat is a connection of its own: `wake` is called for every commit that changed a snapshot, and when the connection
 * breaks, which `isHeld` then tells.
 */
export async function whileSeated(
  databaseUrl: string,
  wake: () => void,
  work: (isHeld: () => boolean) => Promise<void>,
): Promise<void> {
  const db = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 10_000,
    query_timeout: 30_000,
  });
  let isBroken = false;
  db.on('error', () => {
    isBroken = true;
    wake();
  });
  db.on('notification', wake);
  try {
    await db.connect();
    const { rows } = await db.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [
      PUBLISHER_LOCK,
    ]);
    if (rows[0]?.locked !== true) return;
    await db.query(`LISTEN ${SNAPSHOT_CHANNEL}`);
    await work(() => !isBroken);
  } finally {
    await db.end().catch(() => undefined);
  }
}
