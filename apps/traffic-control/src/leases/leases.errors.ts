import { DomainError } from '@aimass/platform-errors';
import type { Violation } from '@aimass/platform-errors';

export const demandsInvalid = (violations: readonly Violation[]) =>
  new DomainError('invalid', 'traffic_control.demands_invalid', 'The demands are not valid.', { violations });
