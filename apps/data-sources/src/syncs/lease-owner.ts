import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * The name of the one data-sources process of a home, the same after every start: leases that bear it at start belong to
 * a process that is gone.
 */
export async function leaseOwner(homeFolder: string): Promise<string> {
  const path = join(homeFolder, 'data-sources', 'lease-owner');
  await mkdir(dirname(path), { recursive: true });
  const isNew = await writeFile(path, randomUUID(), { flag: 'wx' }).then(
    () => true,
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    },
  );
  const owner = await readFile(path, 'utf8');
  // A process that was killed between making the file and filling it has claimed nothing.
  if (isNew || owner !== '') return owner;
  const fresh = randomUUID();
  await writeFile(path, fresh);
  return fresh;
}
