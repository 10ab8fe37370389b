import { uuidv7 } from 'uuidv7';

/** A new id: prefix, underscore, UUIDv7 in hex without dashes (`job_0192…`); ids sort by time of creation. */
export function newId(prefix: string): string {
  return `${prefix}_${uuidv7().replaceAll('-', '')}`;
}

/** Whether the text is an id with this prefix. */
export function isId(prefix: string, text: string): boolean {
  return new RegExp(`^${prefix}_[0-9a-f]{32}$`).test(text);
}
