import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '@aimass/platform-blobs';
import type { RunSpec } from './runner.js';

const HOST = 'algo-1';

/**
 * Lays out the SageMaker training container contract below `root`: what `/opt/ml` is in a container. Throws
 * BlobNotFound or BlobCorrupt when a channel cannot be had.
 */
export async function layOutMlRoot(root: string, spec: RunSpec, blobs: BlobStore): Promise<void> {
  const config = join(root, 'input', 'config');
  for (const folder of ['input/config', 'model', 'output/data', 'checkpoints', 'tmp']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await chmod(root, 0o700);
  await writeJson(join(config, 'hyperparameters.json'), spec.hyperparameters);
  await writeJson(join(config, 'inputdataconfig.json'), inputDataConfig(spec));
  await writeJson(join(config, 'resourceconfig.json'), resourceConfig());
  for (const { name, sha256 } of spec.channels) {
    const folder = join(root, 'input', 'data', name);
    await mkdir(folder, { recursive: true });
    await blobs.copyTo(sha256, join(folder, 'part-0.parquet'));
  }
}

/**
 * The trainer's whole environment: a few harmless variables of ours, the root, and the `SM_…` variables that SageMaker
 * sets. Hyperparameter names are checked against the algorithm before they get here.
 */
export function trainerEnvironment(
  root: string,
  spec: RunSpec,
  inherited: NodeJS.ProcessEnv,
  tensorflowBackend: string,
): Record<string, string> {
  const kept = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH', 'SSL_CERT_FILE'].flatMap((name) => {
    const value = inherited[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const channels = spec.channels.map(
    ({ name }) => [`SM_CHANNEL_${name.toUpperCase()}`, join(root, 'input', 'data', name)] as const,
  );
  const hyperparameters = Object.entries(spec.hyperparameters).map(
    ([name, value]) => [`SM_HP_${name.toUpperCase().replaceAll('-', '_')}`, value] as const,
  );
  return {
    ...Object.fromEntries([...kept, ...channels, ...hyperparameters]),
    HOME: root,
    TMPDIR: join(root, 'tmp'),
    AIMASS_ML_ROOT: root,
    TENSORFLOW_BACKEND: tensorflowBackend,
    TRAINING_JOB_NAME: spec.jobId,
    SM_MODEL_DIR: join(root, 'model'),
    SM_INPUT_DIR: join(root, 'input'),
    SM_INPUT_CONFIG_DIR: join(root, 'input', 'config'),
    SM_OUTPUT_DIR: join(root, 'output'),
    SM_OUTPUT_DATA_DIR: join(root, 'output', 'data'),
    SM_CHANNELS: JSON.stringify(spec.channels.map(({ name }) => name)),
    SM_HPS: JSON.stringify(spec.hyperparameters),
    SM_HOSTS: JSON.stringify([HOST]),
    SM_CURRENT_HOST: HOST,
    SM_NUM_GPUS: '0',
  };
}

function inputDataConfig({ channels }: RunSpec): object {
  const config = {
    ContentType: 'application/x-parquet',
    TrainingInputMode: 'File',
    S3DistributionType: 'FullyReplicated',
    RecordWrapperType: 'None',
  };
  return Object.fromEntries(channels.map(({ name }) => [name, config]));
}

function resourceConfig(): object {
  return { current_host: HOST, hosts: [HOST], network_interface_name: 'lo', current_instance_type: 'local' };
}

async function writeJson(path: string, content: object): Promise<void> {
  await writeFile(path, `${JSON.stringify(content, null, 2)}\n`);
}
