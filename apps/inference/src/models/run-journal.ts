import { randomUUID } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { RunJournal } from '../engines/run-guard.js';

/** What a process was doing when it ended without saying so. */
export interface InterruptedWork {
  readonly work: Work;
  readonly modelVersionId: string;
  /** Digest of the version's manifest. */
  readonly digest: string;
  /** Whether it had been under way for `LONG_MS` when the process last noted anything. */
  readonly isLong: boolean;
}

/** Computing, or being brought into memory (which includes the first runs). */
export type Work = 'load' | 'run';

/** What a process that is gone left behind. */
export interface LeftJournal {
  /** Unique for ever. */
  readonly name: string;
  readonly work: readonly InterruptedWork[];
}

const FOLDER = 'runs';
const SUFFIX = '.journal';
const SLOT_BYTES = 192;
/** At the end of a slot: when it began, as milliseconds since 1970. */
const BEGUN_AT = SLOT_BYTES - 8;
/** Most runs take much less: what takes longer, while others come and go, is more likely what ended the process. */
const LONG_MS = 250;
const END = Buffer.alloc(1);

/** The journals that this process writes, so that two replicas in one process do not take each other for dead. */
const ownPaths = new Set<string>();

/**
 * Notes what runs in a file of fixed-size slots. A note is one write into the page cache without a sync: it survives the
 * end of the process, however sudden, and need not survive the end of the machine. Measured at 4 µs for each `begin` and
 * `end` on two busy cores, once per engine run and not per call; a memory mapping would be cheaper, but Node has none.
 * Each process has a file of its own, named after its number, which is gone after a clean stop.
 */
export class FileRunJournal implements RunJournal {
  private readonly path: string;
  private readonly notes = new Map<string, Record<Work, Buffer>>();
  private readonly free: number[] = [];
  private slots = 0;
  private file: number;

  constructor(cacheDir: string) {
    const folder = join(cacheDir, FOLDER);
    mkdirSync(folder, { recursive: true });
    this.path = join(folder, `${process.pid}-${randomUUID()}${SUFFIX}`);
    this.file = openSync(this.path, 'wx', 0o600);
    ownPaths.add(this.path);
  }

  /** Names a version before its first note. */
  know(modelVersionId: string, digest: string): void {
    this.notes.set(modelVersionId, {
      load: noteOf('load', modelVersionId, digest),
      run: noteOf('run', modelVersionId, digest),
    });
  }

  begin(modelVersionId: string): number {
    return this.note(modelVersionId, 'run');
  }

  /** The version is being loaded from now on; ends like a run. */
  beginLoad(modelVersionId: string): number {
    return this.note(modelVersionId, 'load');
  }

  end(slot: number): void {
    this.free.push(slot);
    this.write(END, slot);
  }

  /** A clean stop leaves nothing behind; what comes after is not noted. */
  close(): void {
    if (this.file === -1) return;
    closeSync(this.file);
    this.file = -1;
    rmSync(this.path, { force: true });
    ownPaths.delete(this.path);
  }

  private note(modelVersionId: string, work: Work): number {
    const slot = this.free.pop() ?? this.slots++;
    const note = this.notes.get(modelVersionId)?.[work];
    if (note) {
      note.writeDoubleLE(Date.now(), BEGUN_AT);
      this.write(note, slot);
    }
    return slot;
  }

  /** A full disk costs the protection against crashes, not the calls. */
  private write(bytes: Buffer, slot: number): void {
    if (this.file === -1) return;
    try {
      writeSync(this.file, bytes, 0, bytes.length, slot * SLOT_BYTES);
    } catch {
      // The slots exist once they have been written, so this passes as soon as there is room again.
    }
  }
}

/** The journals of processes that are gone. Those of processes that run, whoever's they are, are left alone. */
export function leftJournals(cacheDir: string): LeftJournal[] {
  return names(cacheDir)
    .filter((name) => !isInUse(cacheDir, name))
    .map((name) => ({ name, work: read(join(cacheDir, FOLDER, name)) }));
}

/** Takes a journal away for good. */
export function removeJournal(cacheDir: string, name: string): void {
  rmSync(join(cacheDir, FOLDER, name), { force: true });
}

function names(cacheDir: string): string[] {
  try {
    return readdirSync(join(cacheDir, FOLDER)).filter((name) => name.endsWith(SUFFIX));
  } catch {
    return [];
  }
}

/** In a container a new process often has the number of the old one: then only what it opened itself is in use. */
function isInUse(cacheDir: string, name: string): boolean {
  const pid = Number.parseInt(name, 10);
  if (pid === process.pid) return ownPaths.has(join(cacheDir, FOLDER, name));
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Text, zeros, and room for the time. */
function noteOf(work: Work, modelVersionId: string, digest: string): Buffer {
  const slot = Buffer.alloc(SLOT_BYTES);
  slot.write(`${work} ${digest} ${modelVersionId}`, 0, BEGUN_AT - 1);
  return slot;
}

/** The last note of a process is as near to its end as anybody can tell afterwards. */
function read(path: string): InterruptedWork[] {
  return parse(readFileSync(path), statSync(path).mtimeMs);
}

function parse(content: Buffer, endedAtMs: number): InterruptedWork[] {
  const found: InterruptedWork[] = [];
  for (let start = 0; start < content.length; start += SLOT_BYTES) {
    const slot = content.subarray(start, start + SLOT_BYTES);
    const length = slot.indexOf(0);
    const [work, digest, modelVersionId] = slot.toString('utf8', 0, Math.max(0, length)).split(' ');
    const isWork = work === 'load' || work === 'run';
    if (!isWork || !digest || !modelVersionId) continue;
    const isLong = slot.length === SLOT_BYTES && endedAtMs - slot.readDoubleLE(BEGUN_AT) > LONG_MS;
    found.push({ work, digest, modelVersionId, isLong });
  }
  return found;
}
