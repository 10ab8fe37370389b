import { CreateModels1732400000000 } from './migrations/1732400000000-create-models.js';
import { RegisterUploads1732400000001 } from './migrations/1732400000001-register-uploads.js';
import { ModelVersion } from './models/model-version.entity.js';
import { Model } from './models/model.entity.js';

/** The tables of this service. */
export const entities = [Model, ModelVersion];

/** How they came to be, oldest first. */
export const migrations = [CreateModels1732400000000, RegisterUploads1732400000001];
