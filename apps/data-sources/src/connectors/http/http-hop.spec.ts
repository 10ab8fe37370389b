import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { selfSigned } from '../../../test/self-signed.js';
import { parseAllowList } from '../../net/allow-list.js';
import { Egress } from '../../net/egress.js';
import { sendHop } from './http-hop.js';

it('refuses a server whose certificate nobody vouches for, and sends it no credentials', async () => {
  let requests = 0;
  const namesAsked: string[] = [];
  const SNICallback = (name: string, answer: (error: Error | null) => void): void => {
    namesAsked.push(name);
    answer(null);
  };
  const server = createServer({ ...selfSigned('data.example'), SNICallback }, () => (requests += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const egress = new Egress(parseAllowList('127.0.0.1'), () =>
    Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
  );
  const hop = { url: new URL(`https://data.example:${port}/`), headers: { authorization: 'Bearer hunter2' } };
  await expect(sendHop(egress, hop, new AbortController().signal)).rejects.toMatchObject({
    kind: 'unprocessable',
    code: 'data_sources.source_certificate_refused',
  });
  expect(requests).toBe(0);
  // The connection goes to the pinned address, but asks for the certificate of the name.
  expect(namesAsked).toEqual(['data.example']);
  server.close();
});
