export { eventually } from './eventually.js';
export { startFakePeer } from './fake-peer.js';
export type { FakePeer } from './fake-peer.js';
export { createTestDatabase, testNatsUrl } from './servers.js';
export { startServiceUnderTest } from './service-under-test.js';
export type { ServiceUnderTest } from './service-under-test.js';
export { publishEvent } from './test-publisher.js';
export { migrateUpDownUp } from './migrations.js';
export type { Schema } from './migrations.js';
