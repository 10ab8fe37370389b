import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ModelFiles } from '../engine.js';
import { modelUnusable } from '../engines.errors.js';

/** Plain relative paths with forward slashes: no empty part, `.` or `..`, no drive, no control character. */
const PLAIN_PATH = /^(?!\/)(?:(?!\.{1,2}(?:\/|$))[^/\\:\p{Cc}]+(?:\/(?!$)|$))+$/u;

/**
 * Gives `use` a folder that holds these files and nothing else, that nobody else can enter, and that is gone afterwards.
 * For libraries that read files only. Throws `precondition_failed` for a path that leaves the folder.
 */
export async function inPrivateFolder<T>(
  root: string,
  files: ModelFiles,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  for (const path of files.keys()) {
    if (!PLAIN_PATH.test(path))
      throw modelUnusable(`The version has a file "${path}", which leaves its folder.`);
  }
  await mkdir(root, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(root, 'model-'));
  try {
    for (const [path, content] of files) {
      const file = join(folder, path);
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      // Nothing can be there yet, and a link least of all.
      await writeFile(file, content, { flag: 'wx', mode: 0o600 });
    }
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
