import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { eventually } from '@aimass/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAllowList } from './allow-list.js';
import { Egress } from './egress.js';
import type { ResolveName, ServerAddress } from './egress.js';

const blocked = { kind: 'invalid', code: 'data_sources.blocked_address' };
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A DNS that gives these answers, one after the other, and counts the questions. */
function answers(...turns: string[][]): { resolve: ResolveName; asked: string[] } {
  const asked: string[] = [];
  const resolve: ResolveName = (host) => {
    asked.push(host);
    const turn = turns[Math.min(asked.length, turns.length) - 1] ?? [];
    return Promise.resolve(
      turn.map((address): ServerAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return { resolve, asked };
}

/** A server on loopback that counts the connections made to it. */
async function startCanary(): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const server = createServer((_, response) => response.end('canary'));
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

describe('Egress', () => {
  it.each([
    '127.0.0.1',
    '::1',
    '[::1]',
    '0.0.0.0',
    '169.254.169.254',
    'fd00::1',
    '10.1.2.3',
    '[::ffff:127.0.0.1]',
    '2130706433',
    '0x7f.1',
    '017700000001',
    'localhost',
  ])('refuses %s', async (host) => {
    await expect(new Egress().pin(host, 80)).rejects.toMatchObject(blocked);
  });

  it('refuses an address that is written out already when a source is made, without the network', () => {
    const { resolve, asked } = answers(['127.0.0.1']);
    const egress = new Egress(undefined, resolve);
    expect(() => {
      egress.check('127.0.0.1', 80);
    }).toThrow(expect.objectContaining(blocked));
    egress.check('data.example', 80);
    expect(asked).toEqual([]);
  });

  it('refuses a name when any of its addresses is blocked, and does not tell which address that is', async () => {
    const { resolve } = answers(['93.184.216.34', '10.20.30.40']);
    const refusal: unknown = await new Egress(undefined, resolve)
      .pin('data.example', 80)
      .catch((e: unknown) => e);
    expect(refusal).toMatchObject(blocked);
    expect(String(refusal)).not.toContain('10.20.30.40');
  });

  it('pins a name to the addresses that were checked: a later answer of DNS changes nothing', async () => {
    const { resolve, asked } = answers(['93.184.216.34', '2606:2800::1'], ['127.0.0.1']);
    const pinned = await new Egress(undefined, resolve).pin('data.example', 80);
    for (let turn = 0; turn < 3; turn++) {
      pinned.lookup('data.example', { all: true }, (error, found) => {
        expect(error).toBeNull();
        expect(found).toEqual([
          { address: '93.184.216.34', family: 4 },
          { address: '2606:2800::1', family: 6 },
        ]);
      });
      pinned.lookup('other.example', {}, (_, found, family) => {
        expect([found, family]).toEqual(['93.184.216.34', 4]);
      });
    }
    expect(asked).toEqual(['data.example']);
    await expect(new Egress(undefined, resolve).pin('data.example', 80)).rejects.toMatchObject(blocked);
  });

  it('connects to what an operator permits', async () => {
    const { port, connections } = await startCanary();
    const { resolve } = answers(['127.0.0.1']);
    const egress = new Egress(parseAllowList(`data.internal:${port}`), resolve);
    const { lookup, host } = await egress.pin('data.internal', port);
    const socket = connect({ host, port, lookup });
    await once(socket, 'connect');
    socket.destroy();
    expect(connections()).toBe(1);
    await expect(egress.pin('data.internal', port + 1)).rejects.toMatchObject(blocked);
    await expect(egress.pin('other.internal', port)).rejects.toMatchObject(blocked);
  });

  it('says that a name has no address, or that DNS failed', async () => {
    const unknown = { kind: 'unavailable', code: 'data_sources.host_unknown' };
    const failing: ResolveName = () => Promise.reject(new Error('SERVFAIL'));
    await expect(new Egress(undefined, failing).pin('data.example', 80)).rejects.toMatchObject(unknown);
    await expect(new Egress(undefined, answers([]).resolve).pin('data.example', 80)).rejects.toMatchObject(
      unknown,
    );
  });

  it('waits no longer for a DNS that is silent when it is cancelled', async () => {
    const silent: ResolveName = () => new Promise(() => undefined);
    const controller = new AbortController();
    const pinning = new Egress(undefined, silent).pin('data.example', 80, controller.signal);
    controller.abort(new Error('cancelled'));
    await expect(pinning).rejects.toThrow('cancelled');
  });

  it('keeps two names under way at most, so that slow name servers hold up nobody else', async () => {
    const finish: (() => void)[] = [];
    const slow: ResolveName = () =>
      new Promise((resolve) => {
        finish.push(() => {
          resolve([{ address: '93.184.216.34', family: 4 }]);
        });
      });
    const egress = new Egress(undefined, slow);
    const pinning = [1, 2, 3].map((each) => egress.pin(`data-${each}.example`, 80));
    expect(finish).toHaveLength(2);
    // Addresses need no name server, and do not wait for one.
    await egress.pin('93.184.216.34', 80);
    finish.shift()?.();
    await pinning[0];
    await eventually(() => (finish.length === 2 ? true : undefined));
    finish.forEach((end) => {
      end();
    });
    expect((await Promise.all(pinning)).map(({ host }) => host)).toEqual([
      'data-1.example',
      'data-2.example',
      'data-3.example',
    ]);
  });
});
