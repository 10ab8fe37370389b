import type { DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { DataSourceOptions, EntityTarget, MigrationInterface, ObjectLiteral } from 'typeorm';

/** A service's database: where it is, its tables, and how they came to be. */
export interface PersistenceOptions {
  readonly url: string;
  readonly poolSize: number;
  readonly entities: readonly EntityTarget<ObjectLiteral>[];
  readonly migrations: readonly (new () => MigrationInterface)[];
}

/** TypeORM options: migrations only, never synchronize; statements and lock waits are bounded. */
export function dataSourceOptions(options: PersistenceOptions): DataSourceOptions {
  return {
    type: 'postgres',
    url: options.url,
    entities: [...options.entities] as DataSourceOptions['entities'],
    migrations: [...options.migrations],
    synchronize: false,
    poolSize: options.poolSize,
    extra: { statement_timeout: 30_000, lock_timeout: 10_000, connectionTimeoutMillis: 10_000 },
  };
}

/** Connects, and brings the schema up to date; several processes may do so at once. */
export async function openDataSource(options: PersistenceOptions): Promise<DataSource> {
  const dataSource = await new DataSource(dataSourceOptions(options)).initialize();
  const lock = dataSource.createQueryRunner();
  try {
    // One migrator at a time; the lock belongs to this connection and ends with it.
    await lock.query('SELECT pg_advisory_lock(4242)');
    await dataSource.runMigrations({ transaction: 'each' });
    await lock.query('SELECT pg_advisory_unlock(4242)');
  } finally {
    await lock.release();
  }
  return dataSource;
}

/** Provides the service's DataSource to the whole application. */
export function persistenceModule(options: PersistenceOptions): DynamicModule {
  return TypeOrmModule.forRootAsync({
    useFactory: () => dataSourceOptions(options),
    dataSourceFactory: () => openDataSource(options),
  });
}
