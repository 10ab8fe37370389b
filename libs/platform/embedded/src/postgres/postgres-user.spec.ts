import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findBlockedFolder } from './postgres-user.js';

it('finds the topmost folder another user may not enter', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aimass-user-'));
  const inner = join(folder, 'a/b');
  mkdirSync(inner, { recursive: true });
  const { uid, gid } = statSync(folder);
  const stranger = { uid: uid + 4711, gid: gid + 4711 };
  expect(findBlockedFolder(inner, stranger)).toBe(folder); // mkdtemp makes it private
  expect(findBlockedFolder(inner, { uid, gid })).toBeUndefined();
  chmodSync(folder, 0o711);
  expect(findBlockedFolder(inner, stranger)).toBeUndefined();
  chmodSync(join(folder, 'a'), 0o700);
  expect(findBlockedFolder(inner, stranger)).toBe(join(folder, 'a'));
  rmSync(folder, { recursive: true });
});
