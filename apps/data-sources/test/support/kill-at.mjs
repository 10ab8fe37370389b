// Preloaded into the built service: ends the process, as kill -9 does, at a step that the last argument names:
// `during:<Class>.<method>` or `after:<Class>.<method>`. Steps are methods, so that the service knows nothing of this.
import { FsBlobStore } from '@aimass/platform-blobs';
import { OutboxRelay } from '@aimass/platform-messaging';

const built = new URL('../../dist/', import.meta.url);

async function load(path, name) {
  return (await import(new URL(path, built).href))[name];
}

const classes = {
  FsBlobStore,
  OutboxRelay,
  SyncsService: await load('syncs/syncs.service.js', 'SyncsService'),
  SyncsRepository: await load('syncs/syncs.repository.js', 'SyncsRepository'),
  SyncReader: await load('syncs/sync-reader.js', 'SyncReader'),
  SyncFinisher: await load('syncs/sync-finisher.js', 'SyncFinisher'),
  Importer: await load('syncs/importer.js', 'Importer'),
  TableEngine: await load('tables/table-engine.js', 'TableEngine'),
  VersionWriter: await load('datasets/version-writer.js', 'VersionWriter'),
  UploadReceiver: await load('uploads/upload-receiver.js', 'UploadReceiver'),
  UploadsRepository: await load('uploads/uploads.repository.js', 'UploadsRepository'),
  PartWriter: await load('uploads/partial-files.js', 'PartWriter'),
};

function die() {
  process.kill(process.pid, 'SIGKILL');
  // Nothing of what comes next may happen before the signal takes effect.
  for (;;);
}

const [when, step = ''] = process.argv.at(-1).split(':');
const [className, method] = step.split('.');
const { prototype } = classes[className];
const original = prototype[method];
if (!original) throw new Error(`There is no step ${step}.`);
prototype[method] = function (...args) {
  const result = original.apply(this, args);
  if (when === 'during') setImmediate(die);
  // A poll that found nothing was no step.
  return when === 'during' ? result : result.then((value) => (value === null || value === 0 ? value : die()));
};
