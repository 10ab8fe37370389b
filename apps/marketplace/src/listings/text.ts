import type { Violation } from '@aimass/platform-errors';

/** What is wrong with a text for people; empty when nothing is. Lengths are in characters, blanks alone count as none. */
export function textProblem(path: string, text: string, length: { min: number; max: number }): Violation[] {
  const count = Array.from(text).length;
  const isLongEnough = text.trim().length >= length.min;
  // PostgreSQL cannot store U+0000.
  if (isLongEnough && count <= length.max && !text.includes('\0')) return [];
  const range = length.min === 0 ? `at most ${length.max}` : `${length.min} to ${length.max}`;
  return [{ path, message: `Use ${range} characters, without U+0000.` }];
}
