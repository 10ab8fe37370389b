import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EVENTS } from '@aimass/contracts';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/** The rows of the service table in ARCHITECTURE.md, by service: the cells as text. */
const rows = new Map(
  [...read('ARCHITECTURE.md').matchAll(/^\| \[([a-z-]+)\]\(apps\/[^)]+\) \|(.*)\|$/gm)].map(
    ([, name = '', cells = '']) => [name, cells.split('|').map((cell) => cell.trim())] as const,
  ),
);

describe('ARCHITECTURE.md', () => {
  it('has a row for every service that stays, and each has a README', () => {
    const apps = readdirSync(`${root}apps`).sort();
    expect([...rows.keys()].sort()).toEqual(apps);
    for (const app of apps) expect(read(`apps/${app}/README.md`)).toMatch(/^# /);
  });

  it.each(Object.keys(EVENTS))('names %s with the service that emits it', (subject) => {
    const [service = '', , ...event] = subject.split('.');
    const emits = rows.get(service.replaceAll('_', '-'))?.[3] ?? '';
    const [aggregate = '', verb = ''] = event;
    // `job.succeeded`, or after the first of an aggregate `.failed`, or `subscription.*` for all of them.
    const isNamed = [`\`${aggregate}.${verb}\``, `\`.${verb}\``, `\`${aggregate}.*\``].some((name) =>
      emits.includes(name),
    );
    expect(isNamed, emits).toBe(true);
  });

  it('names the RPC service of every proto', () => {
    const protoRoot = 'libs/contracts/proto/aimass';
    for (const folder of readdirSync(`${root}${protoRoot}`)) {
      for (const file of readdirSync(`${root}${protoRoot}/${folder}/v1`)) {
        const service = /^service (\w+)/m.exec(read(`${protoRoot}/${folder}/v1/${file}`))?.[1];
        const named = rows.get(folder.replaceAll('_', '-'))?.[2]?.split(', ');
        if (service !== undefined) expect(named).toContain(service);
      }
    }
  });
});
