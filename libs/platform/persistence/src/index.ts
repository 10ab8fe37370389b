export { isId, newId } from './ids.js';
export { pageBounds, toPage } from './pages.js';
export type { Page, PageBounds, PageRequest } from './pages.js';
export { freeKey, IDEMPOTENCY_TABLE, onceOnly } from './idempotency.js';
export type { Operation } from './idempotency.js';
export { dataSourceOptions, openDataSource, persistenceModule } from './persistence.module.js';
export type { PersistenceOptions } from './persistence.module.js';
