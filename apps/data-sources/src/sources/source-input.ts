import type { Violation } from '@aimass/platform-errors';
import { z } from 'zod';
import { sourceConfig } from './source-config.js';
import type { SourceConfig, SourceCredentials } from './source-config.js';
import { sourceInvalid } from './sources.errors.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const ID = /^src_[0-9a-f]{32}$/;
/** Longer than any token that servers hand out. */
const MAX_SECRET_CHARACTERS = 16_384;

const credentialsSchema = z
  .strictObject({
    user: z.string().max(1_000),
    secret: z.string().max(MAX_SECRET_CHARACTERS),
    sessionToken: z.string().max(MAX_SECRET_CHARACTERS),
  })
  .refine(({ user, secret }) => user !== '' || secret !== '', 'need a user or a secret');

/** Checks a name that somebody gives. An id is none: a source is found by either. Throws `source_invalid`. */
export function checkName(path: 'name' | 'datasetName', name: string): string {
  if (NAME.test(name) && !ID.test(name)) return name;
  const message = 'must be 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit';
  throw sourceInvalid([{ path, message }]);
}

/** Checks the form of what a source reads. Throws `source_invalid` with every violation. */
export function parseConfig(value: unknown): SourceConfig {
  const result = sourceConfig.safeParse(value);
  if (result.success) return result.data;
  throw sourceInvalid(violationsOf('config', result.error));
}

/** Checks the form of credentials. Throws `source_invalid`, which repeats nothing of them. */
export function parseCredentials(value: unknown, kind: SourceConfig['kind']): SourceCredentials {
  const result = credentialsSchema.safeParse(value);
  if (!result.success) throw sourceInvalid(violationsOf('credentials', result.error));
  if (result.data.sessionToken !== '' && kind !== 's3') {
    throw sourceInvalid([{ path: 'credentials.sessionToken', message: 'is for S3 only' }]);
  }
  return result.data;
}

function violationsOf(root: string, error: z.ZodError): Violation[] {
  return error.issues.map(({ path, message }) => ({ path: [root, ...path].join('.'), message }));
}
