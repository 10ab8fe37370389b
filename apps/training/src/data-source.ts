import { Job } from './jobs/job.entity.js';
import { MetricPoint } from './jobs/metric-point.entity.js';
import { CreateJobs1732400000000 } from './migrations/1732400000000-create-jobs.js';
import { AddPreprocessing1732500000000 } from './migrations/1732500000000-add-preprocessing.js';

/** The tables of this service. */
export const entities = [Job, MetricPoint];

/** How they came to be, oldest first. */
export const migrations = [CreateJobs1732400000000, AddPreprocessing1732500000000];
