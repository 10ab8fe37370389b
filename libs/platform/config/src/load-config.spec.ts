import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { blobsEnv, natsEnv, peerEnv, postgresEnv, serviceEnv } from './groups.js';
import { ConfigError, loadConfig } from './load-config.js';

const schema = z.object({
  ...serviceEnv(),
  ...natsEnv(),
  ...postgresEnv(),
  ...blobsEnv(),
  ...peerEnv('DATA_SOURCES_URL'),
});

const sound = {
  GRPC_PORT: '4001',
  NATS_URL: 'nats://127.0.0.1:4222',
  DATABASE_URL: 'postgres://training:hunter2@127.0.0.1:5432/training',
  BLOB_DIR: '/blobs',
  DATA_SOURCES_URL: '127.0.0.1:4002',
};

function failure(env: NodeJS.ProcessEnv): string {
  try {
    loadConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('loadConfig', () => {
  it('types the values, fills the defaults and freezes the result', () => {
    const config = loadConfig(schema, sound);
    expect(config).toMatchObject({ GRPC_PORT: 4001, GRPC_HOST: '127.0.0.1', DATABASE_POOL_SIZE: 8 });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('names every violation at once', () => {
    const message = failure({ GRPC_PORT: '99999', LOG_LEVEL: 'loud', DATA_SOURCES_URL: 'http://here/' });
    for (const name of [
      'GRPC_PORT',
      'LOG_LEVEL',
      'NATS_URL',
      'DATABASE_URL',
      'BLOB_DIR',
      'DATA_SOURCES_URL',
    ]) {
      expect(message).toContain(`  ${name}: `);
    }
  });

  it.each(['DATABASE_URL', 'GRPC_PORT', 'LOG_LEVEL', 'DATA_SOURCES_URL', 'DATABASE_POOL_SIZE'])(
    'never shows the value of %s, which may be a secret',
    (name) => {
      expect(failure({ ...sound, [name]: 'mysql://root:hunter2@db/x y' })).not.toContain('hunter2');
    },
  );

  it('takes an empty variable for an absent one', () => {
    expect(loadConfig(schema, { ...sound, GRPC_HOST: '' }).GRPC_HOST).toBe('127.0.0.1');
    expect(failure({ ...sound, BLOB_DIR: '' })).toContain('BLOB_DIR');
  });

  it('keeps what the schema does not name out of the result', () => {
    expect(loadConfig(schema, { ...sound, UNRELATED: 'x' })).not.toHaveProperty('UNRELATED');
  });
});
