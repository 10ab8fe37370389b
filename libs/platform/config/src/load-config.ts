import { type z } from 'zod';

/** The configuration is wrong; the message lists every violation. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the environment once against a zod schema and freezes the result. The only reader of `process.env` in the
 * project. Throws ConfigError naming every violation at once; values never appear in it, since they may be secrets.
 */
export function loadConfig<S extends z.ZodObject>(
  schema: S,
  env: NodeJS.ProcessEnv = process.env,
): Readonly<z.infer<S>> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(present);
  if (!result.success) {
    const lines = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(
      `The configuration is not valid. Set these environment variables:\n${lines.join('\n')}`,
    );
  }
  return Object.freeze(result.data);
}

/** The environment a child process inherits: everything, plus `extra`. */
export function childEnvironment(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...extra };
}
