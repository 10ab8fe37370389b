import { requestInvalid } from './protocols.errors.js';
import { quoted } from './quoted.js';

/** What parameters of a request say about its turn. */
export interface Urgency {
  /** 1 (first) to 9; 0 when the caller does not say. */
  readonly priority: number;
  /** Milliseconds; undefined when the caller does not say. */
  readonly timeoutMs: number | undefined;
}

export const NO_URGENCY: Urgency = { priority: 0, timeoutMs: undefined };

const LAST_PRIORITY = 9;

/**
 * Triton's `priority` (0: the model's own) and `timeout` (microseconds, 0: none). Numbers and, as gRPC carries 64-bit
 * integers, bigints; anything else throws.
 */
export function readUrgency(priority: unknown, timeout: unknown): Urgency {
  if (priority === undefined && timeout === undefined) return NO_URGENCY;
  const level = readWhole('priority', priority);
  if (level > LAST_PRIORITY) {
    throw requestInvalid(
      `The parameter "priority" must be from 1 (first) to ${LAST_PRIORITY}, not ${level}.`,
    );
  }
  const timeoutUs = readWhole('timeout', timeout);
  return { priority: level, timeoutMs: timeoutUs === 0 ? undefined : timeoutUs / 1000 };
}

function readWhole(name: string, value: unknown): number {
  if (value === undefined || value === null) return 0;
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && number >= 0 && Number.isInteger(number)) return number;
  throw requestInvalid(`The parameter "${name}" must be a whole number of at least 0, not ${quoted(value)}.`);
}

/** Parameters of inputs and outputs that ask for what is not offered; ignoring them would give a wrong answer. */
const REFUSED = new Map([
  ['classification', 'classification is not offered: sort the output yourself'],
  ['shared_memory_region', 'shared memory is not offered: send and receive tensors in the body'],
]);

/** Throws when a parameter asks for what is not offered; 0 and false ask for nothing. */
export function refuseParameter(owner: string, name: string, value: unknown): void {
  const reason = REFUSED.get(name);
  if (reason === undefined || value === 0 || value === 0n || value === false || value === null) return;
  throw requestInvalid(`${owner}: ${reason}.`);
}

/** `refuseParameter` for all of them. */
export function refuseParameters(owner: string, parameters: Readonly<Record<string, unknown>>): void {
  for (const name of REFUSED.keys()) {
    if (Object.hasOwn(parameters, name)) refuseParameter(owner, name, parameters[name]);
  }
}
