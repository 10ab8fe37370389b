import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeJsonSchemas } from './json-schemas.js';

/** `npm run codegen`: lint the protos, generate the TypeScript and the JSON Schemas. Everything it writes is committed. */
const contractsDir = join(fileURLToPath(new URL('../..', import.meta.url)), 'libs/contracts');
execFileSync('buf', ['lint'], { cwd: contractsDir, stdio: 'inherit' });
execFileSync('buf', ['generate'], { cwd: contractsDir, stdio: 'inherit' });
writeJsonSchemas(contractsDir);
