import { trafficControl } from '@aimass/contracts';
import { z } from 'zod';

const { PolicyTarget } = trafficControl;

export const createPolicyBody = z.strictObject({
  target: z
    .enum(['POLICY_TARGET_KEY', 'POLICY_TARGET_ORGANIZATION', 'POLICY_TARGET_DEPLOYMENT'])
    .transform(toTarget)
    .describe('what the limit applies to'),
  targetId: z.string().min(1).describe("the key's, organization's or deployment's id"),
  requests: z.number().int().min(1).max(1_000_000).describe('requests allowed per window'),
  windowSeconds: z.number().int().min(1).max(86_400).default(1).describe('length of the window'),
});

export type CreatePolicyBody = z.infer<typeof createPolicyBody>;

function toTarget(
  name: `POLICY_TARGET_${'KEY' | 'ORGANIZATION' | 'DEPLOYMENT'}`,
): trafficControl.PolicyTarget {
  if (name === 'POLICY_TARGET_KEY') return PolicyTarget.KEY;
  return name === 'POLICY_TARGET_ORGANIZATION' ? PolicyTarget.ORGANIZATION : PolicyTarget.DEPLOYMENT;
}
