import { DomainError } from '@aimass/platform-errors';
import type { Finding } from './finding.js';

/** More is wrong than anybody reads. */
const MAX_VIOLATIONS = 20;

export const qualityRefused = (errors: readonly Finding[]) =>
  new DomainError(
    'unprocessable',
    'data_sources.quality_refused',
    `The data has ${errors.length === 1 ? '1 error' : `${errors.length} errors`}, and its recipe takes none: ${errors[0]?.message ?? ''} No version was made.`,
    {
      violations: errors.slice(0, MAX_VIOLATIONS).map(({ check, columns, message, advice }) => ({
        path: columns.length === 0 ? check : `${check}.${columns.join(',')}`,
        message: `${message} ${advice}`,
      })),
    },
  );
