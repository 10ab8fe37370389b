import { DataSource } from 'typeorm';
import type { EntityTarget, MigrationInterface, ObjectLiteral } from 'typeorm';
import { createTestDatabase } from './servers.js';

/** A service's schema: its entities and the migrations that make their tables. */
export interface Schema {
  readonly entities: readonly EntityTarget<ObjectLiteral>[];
  readonly migrations: readonly (new () => MigrationInterface)[];
}

/**
 * Migrates a new database up, all the way down, and up again, reading every column of every entity after each way up.
 * Returns the tables that were left when everything was undone: there should be none but TypeORM's own.
 */
export async function migrateUpDownUp(schema: Schema): Promise<string[]> {
  const dataSource = await new DataSource({
    type: 'postgres',
    url: await createTestDatabase(),
    entities: [...schema.entities] as (new () => ObjectLiteral)[],
    migrations: [...schema.migrations],
  }).initialize();
  try {
    await dataSource.runMigrations({ transaction: 'each' });
    await readEveryColumn(dataSource, schema);
    for (const _ of schema.migrations) await dataSource.undoLastMigration({ transaction: 'each' });
    const left: { tablename: string }[] = await dataSource.query(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'`,
    );
    await dataSource.runMigrations({ transaction: 'each' });
    await readEveryColumn(dataSource, schema);
    return left.map((row) => row.tablename);
  } finally {
    await dataSource.destroy();
  }
}

async function readEveryColumn(dataSource: DataSource, schema: Schema): Promise<void> {
  for (const entity of schema.entities) await dataSource.getRepository(entity).find({ take: 1 });
}
