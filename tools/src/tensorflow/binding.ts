import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { findCommand, runCommand } from './run-command.js';

const require = createRequire(import.meta.url);
/** tfjs-node looks for its binding under the highest N-API version that it names. */
const NAPI_VERSION = 8;

/** TensorFlow as files: the shared libraries, and the folder that holds `tensorflow/c/c_api.h`. */
export interface TensorflowLibrary {
  libraries: string[];
  includeFolder: string;
  /** `move`: the files are ours; `link`: they belong to the user and stay where they are. */
  placing: 'move' | 'link';
}

export interface BindingCheck {
  works: boolean;
  /** TensorFlow's version when it works, else why not. */
  detail: string;
}

/** Folder of the installed @tensorflow/tfjs-node; throws with advice when it is not installed. */
export function bindingPackageFolder(): string {
  try {
    // The boundary rule does not see optional dependencies.
    // eslint-disable-next-line @nx/enforce-module-boundaries
    return dirname(require.resolve('@tensorflow/tfjs-node/package.json'));
  } catch (cause) {
    throw new Error('@tensorflow/tfjs-node is not installed: run `npm ci` (without --omit=optional) first.', {
      cause,
    });
  }
}

/** Trains one weight for 50 steps in a child process: a binding that crashes takes only the child with it. */
export async function checkBinding(): Promise<BindingCheck> {
  const folder = bindingPackageFolder();
  if (!existsSync(join(folder, 'lib', `napi-v${NAPI_VERSION}`, 'tfjs_binding.node'))) {
    return { works: false, detail: 'not built yet' };
  }
  try {
    const output = await runCommand(process.execPath, ['-e', TRAINING_STEP], {
      cwd: folder,
      deadlineSeconds: 120,
    });
    const line = output.split('\n').find((text) => text.startsWith('trained ')) ?? '';
    const [, version = '', weight = ''] = line.split(' ');
    if (Math.abs(Number(weight) - 3) < 1e-3) return { works: true, detail: version };
    return { works: false, detail: `it trained a wrong weight (${weight || 'none'} instead of 3)` };
  } catch (error) {
    return { works: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

/** Throws with what to install when the machine cannot compile the binding: to be asked before any download. */
export function requireBuildTools(): void {
  compiler();
  nodeHeaders();
}

/** Removes a binding that does not work, and its libraries: no process may stumble over it. */
export async function removeBinding(): Promise<void> {
  const folder = bindingPackageFolder();
  await rm(join(folder, 'lib'), { recursive: true, force: true });
  await rm(join(folder, 'deps'), { recursive: true, force: true });
}

/** Puts the libraries into `deps/lib` and compiles the package's two C++ files against them. */
export async function buildBinding(library: TensorflowLibrary, workFolder: string): Promise<void> {
  const folder = bindingPackageFolder();
  const libFolder = join(folder, 'deps', 'lib');
  await removeBinding();
  await mkdir(libFolder, { recursive: true });
  const placed = await Promise.all(library.libraries.map((file) => place(file, libFolder, library.placing)));
  const built = join(workFolder, 'tfjs_binding.node');
  await runCommand(compiler(), compilerArguments(folder, library.includeFolder, [...placed], built), {
    cwd: folder,
    deadlineSeconds: 600,
  });
  const target = join(folder, 'lib', `napi-v${NAPI_VERSION}`);
  await mkdir(target, { recursive: true });
  await rename(built, join(target, 'tfjs_binding.node'));
}

function compilerArguments(
  folder: string,
  includeFolder: string,
  libraries: string[],
  output: string,
): string[] {
  return [
    '-O2',
    '-std=c++17',
    '-fPIC',
    '-shared',
    '-w',
    `-DNAPI_VERSION=${NAPI_VERSION}`,
    '-DNODE_GYP_MODULE_NAME=tfjs_binding',
    '-DBUILDING_NODE_EXTENSION',
    `-I${nodeHeaders()}`,
    `-I${includeFolder}`,
    join(folder, 'binding', 'tfjs_backend.cc'),
    join(folder, 'binding', 'tfjs_binding.cc'),
    ...libraries,
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
    '-o',
    output,
  ];
}

async function place(
  file: string,
  libFolder: string,
  placing: TensorflowLibrary['placing'],
): Promise<string> {
  const target = join(libFolder, basename(file));
  if (placing === 'link') {
    await symlink(file, target);
    return target;
  }
  try {
    await rename(file, target);
  } catch {
    await copyFile(file, target); // the work folder is on another file system
  }
  return target;
}

function compiler(): string {
  const found = findCommand(['g++', 'c++', 'clang++']);
  if (found === undefined) {
    throw new Error(
      'no C++ compiler found: install one (Debian, Ubuntu: `apt-get install g++`) and run this again',
    );
  }
  return found;
}

function nodeHeaders(): string {
  const beside = join(dirname(process.execPath), '..', 'include', 'node');
  if (existsSync(join(beside, 'node_api.h'))) return beside;
  try {
    return join(dirname(require.resolve('node-api-headers/package.json')), 'include');
  } catch {
    throw new Error(
      'the headers of Node.js (node_api.h) are missing: install them (Debian, Ubuntu: `apt-get install libnode-dev`, ' +
        'or `npm install --no-save node-api-headers`) and run this again',
    );
  }
}

const TRAINING_STEP = `
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value == null;
util.isArray ??= Array.isArray;
const tf = require('@tensorflow/tfjs-node');
const weight = tf.variable(tf.scalar(0));
const optimizer = tf.train.sgd(0.1);
for (let step = 0; step < 50; step++) optimizer.minimize(() => weight.sub(3).square());
console.log('trained', tf.backend().binding.TF_Version, weight.dataSync()[0]);
`;
