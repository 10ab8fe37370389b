import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gatewayIdOf } from './gateway-id.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aimass-gateway-id-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('gatewayIdOf', () => {
  it('is the same after a restart on the same folder, and another on another folder', () => {
    const first = gatewayIdOf(folder);
    expect(first).toMatch(/^gw_/);
    expect(gatewayIdOf(folder)).toBe(first);
    const other = mkdtempSync(join(tmpdir(), 'aimass-gateway-id-'));
    expect(gatewayIdOf(other)).not.toBe(first);
    rmSync(other, { recursive: true });
  });

  it('is made anew when the file is damaged', () => {
    writeFileSync(join(folder, 'gateway-id'), 'gw_');
    expect(gatewayIdOf(folder)).toMatch(/^gw_[0-9a-f-]{36}$/);
  });
});
