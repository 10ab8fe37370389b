import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `node tools/dist/count-tests.js FOLDER…`: sums the vitest JSON reports below the folders, last line for CI. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly numTotalTests: number;
}

let passed = 0;
let failed = 0;
for (const folder of process.argv.slice(2)) {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.json')) continue;
    const report = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Report;
    passed += report.numPassedTests;
    // A file that fails to load has no tests that could fail.
    failed +=
      report.numFailedTests === 0 && report.numFailedTestSuites > 0
        ? report.numFailedTestSuites
        : report.numFailedTests;
  }
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
