import type { Violation } from '@aimass/platform-errors';
import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { policyInvalid } from './policies.errors.js';

/** What a limit applies to: one API key, all keys of the organization together, one deployment whoever calls it. */
export type PolicyTarget = 'KEY' | 'ORGANIZATION' | 'DEPLOYMENT';

/** A limit as asked for: `requests` per window of `windowSeconds`. */
export interface PolicyTerms {
  /** Undefined when the caller named none that exists. */
  readonly target: PolicyTarget | undefined;
  readonly targetId: string;
  readonly requests: number;
  readonly windowSeconds: number;
}

const MAX_REQUESTS = 1_000_000;
const MAX_WINDOW_SECONDS = 86_400;

/** A limit on requests. A row is written once and never changed. */
@Entity()
export class Policy {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'organization_id' })
  readonly organizationId: string;

  @Column('text')
  readonly target: PolicyTarget;

  /** The key's, organization's or deployment's id. */
  @Column('text', { name: 'target_id' })
  readonly targetId: string;

  @Column('integer')
  readonly requests: number;

  @Column('integer', { name: 'window_seconds' })
  readonly windowSeconds: number;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  /** Throws `invalid` with all violations. That a key or deployment is the organization's own is checked elsewhere. */
  static create(organizationId: string, terms: PolicyTerms): Policy {
    const violations = violationsOf(organizationId, terms);
    if (violations.length > 0) throw policyInvalid(violations);
    const { target, targetId, requests, windowSeconds } = terms;
    return Object.assign(new Policy(), {
      id: newId('pol'),
      organizationId,
      target,
      targetId,
      requests,
      windowSeconds,
      createdAt: new Date(),
    });
  }
}

function violationsOf(organizationId: string, terms: PolicyTerms): Violation[] {
  const violations: Violation[] = [];
  if (terms.target === undefined) {
    violations.push({
      path: 'target',
      message: 'Name what is limited: a key, the organization or a deployment.',
    });
  }
  if (terms.targetId === '' || terms.targetId.length > 200) {
    violations.push({ path: 'targetId', message: 'Give the id of the key, organization or deployment.' });
  } else if (terms.target === 'ORGANIZATION' && terms.targetId !== organizationId) {
    violations.push({ path: 'targetId', message: 'Give the id of your own organization.' });
  }
  if (!isWithin(terms.requests, MAX_REQUESTS)) {
    violations.push({ path: 'requests', message: `Give a whole number from 1 to ${MAX_REQUESTS}.` });
  }
  if (!isWithin(terms.windowSeconds, MAX_WINDOW_SECONDS)) {
    violations.push({
      path: 'windowSeconds',
      message: `Give a whole number of seconds from 1 to ${MAX_WINDOW_SECONDS}.`,
    });
  }
  return violations;
}

function isWithin(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= max;
}
