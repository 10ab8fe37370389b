import type { Verdict } from './limiter.js';

/** The rate fields of one answer. */
export interface RateFields {
  /** `"<policy>";q=…;w=…` */
  readonly policy: string;
  /** `"<policy>";r=…;t=…` */
  readonly state: string;
  /** Whole seconds, at least 1 and not earlier than `t`; absent when the request was admitted. */
  readonly retryAfter: number | undefined;
}

/**
 * The fields of draft-ietf-httpapi-ratelimit-headers for the tightest limit. `r` is what this gateway would still admit
 * at once; `t` is when a refused caller is admitted again, or else when all of `r` is restored. Seconds, rounded up.
 */
export function rateFields({ tightest, isAdmitted, remaining, resetMs }: Verdict): RateFields {
  const seconds = Math.ceil(resetMs / 1000 - 1e-9);
  return {
    policy: tightest.policyItem,
    state: `"${tightest.policy.id}";r=${remaining};t=${seconds}`,
    retryAfter: isAdmitted ? undefined : Math.max(1, seconds),
  };
}
