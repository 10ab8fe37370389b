import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { FetchedFile } from '../../connectors/connector.js';
import { JsonColumns } from './json-columns.js';
import { linesOf } from './json-lines.js';
import type { Line } from './json-lines.js';
import { jsonMembers } from './json-members.js';
import { jsonlDuplicateKey, jsonlLineInvalid, jsonlTextInvalid } from './jsonl.errors.js';
import type { LinePlace } from './jsonl.errors.js';

/** How much is written at once. */
const BATCH_CHARACTERS = 256 * 1024;

/** What the cleaned file holds. */
export interface CleanJsonl {
  readonly columns: JsonColumns;
  readonly rowCount: number;
  readonly droppedRowCount: number;
}

/**
 * Rewrites JSON Lines canonically, holding little: one object per line with the numbers of columns as keys and every
 * value as text; what is null or absent is left out. Throws a DomainError that names the line for what is not strictly
 * one object per line.
 */
export async function cleanJsonl(
  files: readonly FetchedFile[],
  target: string,
  signal: AbortSignal,
): Promise<CleanJsonl> {
  const cleaner = new Cleaner();
  await pipeline(
    async function* () {
      for (const { path, name } of files) {
        yield* batches(linesOf(path, files.length > 1 ? name : null, signal), (line) =>
          cleaner.row(line, files.length > 1 ? name : null),
        );
      }
    },
    createWriteStream(target, { flags: 'wx' }),
    { signal },
  );
  return cleaner;
}

class Cleaner implements CleanJsonl {
  readonly columns = new JsonColumns();
  rowCount = 0;
  droppedRowCount = 0;

  /** The canonical line of an object; empty when it has no value at all. */
  row({ number, text }: Line, file: string | null): string {
    const place = { line: number, file };
    checkObject(text, place);
    const keys = new Set<string>();
    const values: string[] = [];
    for (const { key, value } of jsonMembers(text)) {
      if (keys.has(key)) throw jsonlDuplicateKey(place, key);
      keys.add(key);
      const index = this.columns.indexOf(key);
      if (value === 'null') continue;
      const isText = value.startsWith('"');
      const plain = isText ? (JSON.parse(value) as string) : value;
      if (/\0|\p{Surrogate}/u.test(plain)) throw jsonlTextInvalid(place, key);
      this.columns.note(index, plain, isText);
      values.push(`"c${index}":${isText ? value : JSON.stringify(value)}`);
    }
    if (values.length === 0) {
      this.droppedRowCount++;
      return '';
    }
    this.rowCount++;
    return `{${values.join(',')}}\n`;
  }
}

function checkObject(text: string, place: LinePlace): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw jsonlLineInvalid(place, error instanceof Error ? error.message : String(error));
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw jsonlLineInvalid(place, Array.isArray(parsed) ? 'it is a list' : 'it is a single value');
  }
}

async function* batches(lines: AsyncIterable<Line>, rowOf: (line: Line) => string): AsyncGenerator<string> {
  let batch = '';
  for await (const line of lines) {
    batch += rowOf(line);
    if (batch.length < BATCH_CHARACTERS) continue;
    yield batch;
    batch = '';
  }
  yield batch;
}
