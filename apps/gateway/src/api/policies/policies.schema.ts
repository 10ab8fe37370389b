import { trafficControl } from '@aimass/contracts';
import { z } from 'zod';

/** API name → contract value. */
export const TARGETS: Readonly<
  Record<`POLICY_TARGET_${'KEY' | 'ORGANIZATION' | 'DEPLOYMENT'}`, trafficControl.PolicyTarget>
> = {
  POLICY_TARGET_KEY: trafficControl.PolicyTarget.KEY,
  POLICY_TARGET_ORGANIZATION: trafficControl.PolicyTarget.ORGANIZATION,
  POLICY_TARGET_DEPLOYMENT: trafficControl.PolicyTarget.DEPLOYMENT,
};

export const createPolicyBody = z.strictObject({
  target: z.enum(Object.keys(TARGETS) as (keyof typeof TARGETS)[]).describe('what the limit applies to'),
  targetId: z.string().min(1).describe("the key's, organization's or deployment's id"),
  requests: z.number().int().min(1).max(1_000_000).describe('requests allowed per window'),
  windowSeconds: z.number().int().min(1).max(86_400).default(1).describe('length of the window'),
});

export type CreatePolicyBody = z.infer<typeof createPolicyBody>;
