import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { assertPortFree, pickFreePorts } from './ports.js';

it('picks different free ports', async () => {
  const ports = await pickFreePorts(50);
  expect(new Set(ports).size).toBe(50);
  for (const port of ports.slice(0, 5)) await assertPortFree(port);
});

it('names a port that is taken and the way out', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  await expect(assertPortFree(port)).rejects.toThrow(`Port ${port} on 127.0.0.1 is already taken`);
  await expect(assertPortFree(port)).rejects.toThrow('--port');
  await new Promise((resolve) => server.close(resolve));
});

it('refuses what is no port', async () => {
  await expect(assertPortFree(0)).rejects.toThrow('is not a port');
  await expect(assertPortFree(70_000)).rejects.toThrow('is not a port');
});
