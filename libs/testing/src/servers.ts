import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';

/** URL of the test run's NATS server. Streams and buckets are shared by all test files: use ids of your own. */
export function testNatsUrl(): string {
  return inject('natsUrl');
}

/** A new empty database on the test run's Postgres. */
export async function createTestDatabase(): Promise<string> {
  const adminUrl = inject('adminDatabaseUrl');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${name}`);
  } finally {
    await client.end();
  }
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.toString();
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The `postgres` database, as superuser. */
    adminDatabaseUrl: string;
    natsUrl: string;
  }
}
