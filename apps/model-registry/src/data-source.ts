import { CreateModels1732400000000 } from './migrations/1732400000000-create-models.js';
import { ModelVersion } from './models/model-version.entity.js';
import { Model } from './models/model.entity.js';

/** The tables of this service. */
export const entities = [Model, ModelVersion];

/** How they came to be, oldest first. */
export const migrations = [CreateModels1732400000000];
