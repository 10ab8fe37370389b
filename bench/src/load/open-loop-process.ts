import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { answerPlan } from './load.js';
import type { OpenLoopPlan, Outcome } from './open-loop.js';
import { countOutcomes } from './open-loop-result.js';

/** Due requests are sent this often; what is due between two looks is sent late by this at most. */
const TICK_MS = 1;
/** A request without an answer after so long counts as failed. */
const ANSWER_LIMIT_MS = 20_000;

answerPlan(runOpenLoop);

async function runOpenLoop(plan: OpenLoopPlan) {
  const agent = new Agent({ keepAlive: true, maxSockets: plan.sockets });
  const total = Math.round(plan.perSecond * plan.seconds);
  const gapMs = 1000 / plan.perSecond;
  const outcomes: Promise<Outcome>[] = [];
  const startedAt = performance.now();
  while (outcomes.length < total) {
    const dueBefore = Math.floor((performance.now() - startedAt) / gapMs) + 1;
    while (outcomes.length < Math.min(dueBefore, total)) {
      outcomes.push(send(plan, agent, startedAt + outcomes.length * gapMs));
    }
    await delay(TICK_MS);
  }
  const result = countOutcomes(await Promise.all(outcomes), plan.seconds);
  agent.destroy();
  return result;
}

function send({ url, headers, body }: OpenLoopPlan, agent: Agent, dueAt: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const end = (status: number, hasRetryAfter: boolean) =>
      resolve({ status, hasRetryAfter, milliseconds: performance.now() - dueAt });
    const call = request(url, {
      method: 'POST',
      agent,
      headers: { ...headers, 'content-length': body.length },
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    });
    call.once('error', () => end(0, false));
    call.once('response', (response) => {
      response.once('end', () =>
        end(response.statusCode ?? 0, response.headers['retry-after'] !== undefined),
      );
      response.resume();
    });
    call.end(body);
  });
}
