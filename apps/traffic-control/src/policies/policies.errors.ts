import { DomainError } from '@aimass/platform-errors';
import type { Violation } from '@aimass/platform-errors';

export const policyNotFound = (policy: string) =>
  new DomainError('not_found', 'traffic_control.policy_not_found', `There is no limit "${policy}".`);

export const policyInvalid = (violations: readonly Violation[]) =>
  new DomainError('invalid', 'traffic_control.policy_invalid', 'The limit is not valid.', { violations });
