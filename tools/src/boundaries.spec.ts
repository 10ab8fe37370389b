import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createProjectGraphAsync } from '@nx/devkit';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { beforeAll, describe, expect, it } from 'vitest';

/** The boundaries are worth nothing unless they bite: each forbidden import here must fail, by the rule that forbids it. */
const root = fileURLToPath(new URL('../../', import.meta.url));

describe('between projects', () => {
  let eslint: ESLint;

  beforeAll(async () => {
    const graph = await createProjectGraphAsync({ exitOnError: false });
    expect(Object.keys(graph.nodes)).toEqual(expect.arrayContaining(['training', 'gateway', 'contracts']));
    // Rules that need types would want the files to exist; boundaries are not among them.
    eslint = new ESLint({ cwd: root, overrideConfig: [tseslint.configs.disableTypeChecked] });
  }, 20_000);

  const complaints = async (file: string, text: string): Promise<string[]> => {
    const [result] = await eslint.lintText(`${text}\n`, { filePath: join(root, file) });
    return (result?.messages ?? []).map(({ ruleId, messageId }) => `${String(ruleId)}:${String(messageId)}`);
  };
  const nx = (messageId: string): string => `@nx/enforce-module-boundaries:${messageId}`;

  // An app exports nothing: to the rule, its name is that of an unknown package.
  it.each([
    ['an app by its name', 'apps/training/src/x.ts', '@aimass/gateway', 'noTransitiveDependencies'],
    [
      'an app by a path',
      'apps/training/src/x.ts',
      '../../gateway/src/main.js',
      'noRelativeOrAbsoluteImportsAcrossLibraries',
    ],
    [
      'an app, in a library',
      'libs/platform/grpc/src/x.ts',
      '@aimass/model-registry',
      'noTransitiveDependencies',
    ],
    ['an app, in the end-to-end tests', 'e2e/src/x.ts', '@aimass/gateway', 'noTransitiveDependencies'],
    [
      'the testing library, in production code',
      'apps/training/src/x.ts',
      '@aimass/testing',
      'onlyTagsConstraintViolation',
    ],
    [
      'the contracts, in a trainer',
      'trainers/builtin/src/x.ts',
      '@aimass/contracts',
      'onlyTagsConstraintViolation',
    ],
    [
      'a platform library, in the contracts',
      'libs/contracts/src/x.ts',
      '@aimass/platform-errors',
      'emptyOnlyTagsConstraintViolation',
    ],
    ['a package nobody declared', 'apps/training/src/x.ts', 'fast-glob', 'noTransitiveDependencies'],
  ])('refuses %s', async (_what, file, specifier, messageId) => {
    expect(await complaints(file, `import '${specifier}';`)).toEqual([nx(messageId)]);
  });

  it.each([
    [
      'contracts and platform, in an app',
      'apps/training/src/x.ts',
      ['@aimass/contracts', '@aimass/platform-errors'],
    ],
    ['the testing library, in a test', 'apps/training/src/x.spec.ts', ['@aimass/testing']],
    ['a declared package', 'apps/training/src/x.ts', ['zod']],
  ])('allows %s', async (_what, file, specifiers) => {
    const text = specifiers.map((specifier) => `import '${specifier}';`).join('\n');
    expect(await complaints(file, text)).toEqual([]);
  });

  it('refuses to read the environment outside the config library, and allows it there', async () => {
    const text = 'export const home = process.env.HOME;';
    expect(await complaints('apps/training/src/x.ts', text)).toEqual([
      'no-restricted-properties:restrictedObjectProperty',
    ]);
    expect(await complaints('libs/platform/config/src/x.ts', text)).toEqual([]);
  });
});

describe('inside a project', () => {
  const opensDatabase = `import { DataSource } from 'typeorm';\nexport const source = new DataSource();`;
  const namesDatabase = `import type { DataSource } from 'typeorm';\nexport type Source = DataSource;`;
  /** One made-up app per case. */
  const files: Record<string, string> = {
    'apps/cycle/src/x.ts': `import type { Y } from './y.js';\nexport type X = Y;`,
    'apps/cycle/src/y.ts': `import type { X } from './x.js';\nexport type Y = X[];`,
    'apps/entity/src/job.entity.ts': `import { jobs } from './jobs.service.js';\nexport const job = jobs;`,
    'apps/entity/src/jobs.service.ts': 'export const jobs = [];',
    'apps/sql/src/jobs.service.ts': opensDatabase,
    'apps/sound/src/jobs.service.ts': namesDatabase,
    'apps/sound/src/jobs.repository.ts': opensDatabase,
    'apps/gateway/src/proxy/proxy.ts': namesDatabase,
    'apps/door/src/jobs.service.ts': `import './jobs.controller.js';`,
    'apps/door/src/jobs.controller.ts': 'export const controller = 1;',
    'apps/entry/src/jobs.service.ts': `import './main.js';`,
    'apps/entry/src/main.ts': 'export const main = 1;',
    'node_modules/typeorm/package.json': '{ "name": "typeorm", "main": "index.js" }',
    'node_modules/typeorm/index.js': 'exports.DataSource = class {};',
  };
  let report: CruiseReport;

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'boundaries-'));
    try {
      await cp(join(root, 'tsconfig.base.json'), join(folder, 'tsconfig.base.json'));
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), text);
      }
      report = await depcruise(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 30_000);

  it.each([
    ['a cycle, even of types', 'cycle', 'no-circular'],
    ['an entity that knows its service', 'entity', 'entities-are-leaves'],
    ['SQL in a service', 'sql', 'sql-stays-in-repositories'],
    ["a database on the gateway's hot path", 'gateway', 'gateway-hot-path-without-database'],
    ['a call back into a controller', 'door', 'controllers-are-doors'],
    ['an import of an entry point', 'entry', 'main-is-the-end'],
  ])('refuses %s', (_what, app, rule) => {
    expect(brokenIn(report, app)).toEqual([rule]);
  });

  it('allows SQL in a repository, and its types in a service', () => {
    expect(report.modules.map(({ source }) => source)).toContain('apps/sound/src/jobs.repository.ts');
    expect(brokenIn(report, 'sound')).toEqual([]);
  });
});

interface CruiseReport {
  modules: { source: string }[];
  summary: { violations: { from: string; rule: { name: string } }[] };
}

function brokenIn(report: CruiseReport, app: string): string[] {
  const violations = report.summary.violations.filter(({ from }) => from.startsWith(`apps/${app}/`));
  return [...new Set(violations.map(({ rule }) => rule.name))];
}

/** Runs the real program with the real configuration, as if the folder were the repository. */
function depcruise(cwd: string): Promise<CruiseReport> {
  const program = join(root, 'node_modules/.bin/depcruise');
  const config = join(root, '.dependency-cruiser.cjs');
  const args = [program, '--config', config, '--output-type', 'json', 'apps'];
  return new Promise((resolve, reject) => {
    // It ends with a code above 0 when a rule is broken.
    execFile(process.execPath, args, { cwd }, (_code, output, log) => {
      if (output === '') reject(new Error(log));
      else resolve(JSON.parse(output) as CruiseReport);
    });
  });
}
