import { DatasetVersion } from './datasets/dataset-version.entity.js';
import { Dataset } from './datasets/dataset.entity.js';
import { CreateDatasets1732400000000 } from './migrations/1732400000000-create-datasets.js';
import { CreateSourcesAndSyncs1732500000000 } from './migrations/1732500000000-create-sources-and-syncs.js';
import { AddUploadParts1732600000000 } from './migrations/1732600000000-add-upload-parts.js';
import { Source } from './sources/source.entity.js';
import { Split } from './splits/split.entity.js';
import { Sync } from './syncs/sync.entity.js';
import { Upload } from './uploads/upload.entity.js';

/** The tables of this service. */
export const entities = [Upload, Dataset, DatasetVersion, Split, Source, Sync];

/** How they came to be, oldest first. */
export const migrations = [
  CreateDatasets1732400000000,
  CreateSourcesAndSyncs1732500000000,
  AddUploadParts1732600000000,
];
