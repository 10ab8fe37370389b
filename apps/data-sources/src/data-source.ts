import { DatasetVersion } from './datasets/dataset-version.entity.js';
import { Dataset } from './datasets/dataset.entity.js';
import { CreateDatasets1732400000000 } from './migrations/1732400000000-create-datasets.js';
import { Split } from './splits/split.entity.js';
import { Upload } from './uploads/upload.entity.js';

/** The tables of this service. */
export const entities = [Upload, Dataset, DatasetVersion, Split];

/** How they came to be, oldest first. */
export const migrations = [CreateDatasets1732400000000];
