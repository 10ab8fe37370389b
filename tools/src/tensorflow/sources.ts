import { existsSync } from 'node:fs';
import { copyFile, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { bindingPackageFolder, buildBinding, requireBuildTools } from './binding.js';
import { findCommand, runCommand } from './run-command.js';

/** One way to get a working binding. `build` throws with the reason when the way is closed. */
export interface TensorflowSource {
  title: string;
  /** `workFolder` is private to this attempt and removed afterwards. */
  build(workFolder: string): Promise<void>;
}

const WHEEL_VERSION = '2.21.0';
const WHEELS: Partial<Record<string, { project: string; platform: string }>> = {
  x64: { project: 'tensorflow-cpu', platform: 'manylinux_2_27_x86_64' },
  arm64: { project: 'tensorflow', platform: 'manylinux_2_27_aarch64' },
};

/** The package's install script: downloads libtensorflow and a ready binding, or compiles one. */
export const ownDownload: TensorflowSource = {
  title: "the package's own download",
  async build(workFolder) {
    const folder = bindingPackageFolder();
    // The script edits its package.json while it runs, and leaves it edited when it is stopped.
    const kept = join(workFolder, 'package.json');
    await copyFile(join(folder, 'package.json'), kept);
    try {
      await runCommand(process.execPath, [join('scripts', 'install.js')], {
        cwd: folder,
        deadlineSeconds: 240,
        path: [join(folder, 'node_modules', '.bin'), join(folder, '..', '..', '.bin')],
      });
    } finally {
      await copyFile(kept, join(folder, 'package.json'));
    }
  },
};

/** TensorFlow's Python wheel holds the same C library; any Python with pip can fetch it. */
export const pythonWheel: TensorflowSource = {
  title: `the Python wheel of TensorFlow ${WHEEL_VERSION}`,
  async build(workFolder) {
    const wheel = WHEELS[process.arch];
    if (process.platform !== 'linux' || wheel === undefined) {
      throw new Error(`there is no wheel to link against for ${process.platform} on ${process.arch}`);
    }
    requireBuildTools();
    const python = findCommand(['python3', 'python']);
    if (python === undefined) {
      throw new Error('no Python found: install it with pip (Debian, Ubuntu: `apt-get install python3-pip`)');
    }
    await runCommand(python, pipArguments(wheel.project, wheel.platform, workFolder), {
      deadlineSeconds: 1200,
    });
    const file = (await readdir(workFolder)).find((name) => name.endsWith('.whl'));
    if (file === undefined) throw new Error('pip reported success but left no wheel');
    await runCommand(python, ['-c', UNPACK, join(workFolder, file), workFolder], { deadlineSeconds: 600 });
    const unpacked = join(workFolder, 'tensorflow');
    await buildBinding(
      { ...libraryIn(unpacked), includeFolder: join(unpacked, 'include'), placing: 'move' },
      workFolder,
    );
  },
};

/** A libtensorflow of the user: a folder with `lib/` and `include/`, or Python's `site-packages/tensorflow`. */
export function existingLibrary(dir: string | undefined): TensorflowSource {
  return {
    title: 'the library that LIBTENSORFLOW_DIR names',
    async build(workFolder) {
      if (dir === undefined) throw new Error('LIBTENSORFLOW_DIR is not set');
      if (!existsSync(join(dir, 'include', 'tensorflow', 'c', 'c_api.h'))) {
        throw new Error(
          `${dir} has no include/tensorflow/c/c_api.h: name the folder that holds lib/ and include/`,
        );
      }
      const root = await realpath(dir);
      await buildBinding(
        { ...libraryIn(root), includeFolder: join(root, 'include'), placing: 'link' },
        workFolder,
      );
    },
  };
}

/** The libraries under the names that the dynamic linker will look for (their SONAME ends in `.so.2`). */
function libraryIn(root: string): { libraries: string[] } {
  const find = (names: string[]): string | undefined =>
    names.flatMap((name) => [join(root, 'lib', name), join(root, name)]).find((file) => existsSync(file));
  const main = find(['libtensorflow_cc.so.2', 'libtensorflow.so.2']);
  const framework = find(['libtensorflow_framework.so.2']);
  if (main === undefined || framework === undefined) {
    throw new Error(`${root} has no libtensorflow.so.2 (or _cc.so.2) with libtensorflow_framework.so.2`);
  }
  return { libraries: [main, framework] };
}

/** The wheel is never run by Python, so any interpreter may fetch the one built for CPython 3.11. */
function pipArguments(project: string, platform: string, folder: string): string[] {
  return [
    ...[
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--only-binary=:all:',
      '--disable-pip-version-check',
      '--quiet',
    ],
    ...['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311', '--platform', platform],
    ...['--dest', folder, `${project}==${WHEEL_VERSION}`],
  ];
}

const UNPACK = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        if name.startswith(('tensorflow/include/', 'tensorflow/libtensorflow_')):
            wheel.extract(name, sys.argv[2])
`;
