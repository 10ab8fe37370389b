import { trafficControl } from '@aimass/contracts';
import type { Policy, PolicyTarget } from './policy.entity.js';
import type { PolicyRequest } from './policies.service.js';

const TARGETS: Readonly<Record<PolicyTarget, trafficControl.PolicyTarget>> = {
  KEY: trafficControl.PolicyTarget.KEY,
  ORGANIZATION: trafficControl.PolicyTarget.ORGANIZATION,
  DEPLOYMENT: trafficControl.PolicyTarget.DEPLOYMENT,
};

export function toPolicyProto(policy: Policy): trafficControl.Policy {
  const { id, target, targetId, requests, windowSeconds, createdAt } = policy;
  return { id, target: TARGETS[target], targetId, requests, windowSeconds, createdAt };
}

export function toPolicyRequest(request: trafficControl.CreatePolicyRequest): PolicyRequest {
  const { organizationId, requestId, targetId, requests, windowSeconds } = request;
  const target = (Object.keys(TARGETS) as PolicyTarget[]).find((name) => TARGETS[name] === request.target);
  return { organizationId, requestId, terms: { target, targetId, requests, windowSeconds } };
}
