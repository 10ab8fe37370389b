import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

/** Ends the servers that keep a pid file below the folder, and removes it, once the input ends without a word. */
const SCRIPT = `
read -r word && exit 0
pids=$(head -q -n 1 "$1/nats/nats-server.pid" "$1/postgres/postmaster.pid" 2>/dev/null)
for pid in $pids; do kill -QUIT "$pid"; done
for pid in $pids; do
  while kill -0 "$pid"; do sleep 1; done
done
rm -rf "$1"
# A service of a killed test needs a moment to see that nobody supervises it, and writes until then.
sleep 5
rm -rf "$1"
`;

/** Watches over what a test run keeps in a folder. */
export interface FolderGuard {
  /** To be called once the servers are stopped. */
  release(): void;
}

/**
 * Should this process end in whatever way before `release()`, the NATS and the Postgres that keep their data below the
 * folder are ended, and the folder is removed. They run in process groups of their own, and would go on for ever when a
 * test run is killed.
 */
export function guardFolder(folder: string): FolderGuard {
  const guard = spawnGuard(folder);
  const release = (): void => {
    guard.stdin?.end('released\n');
  };
  return { release };
}

/** The process that watches; the end of its input is what it sees of the end of this one. */
export function spawnGuard(folder: string): ChildProcess {
  const guard = spawn('sh', ['-c', SCRIPT, 'guard', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  return guard;
}
