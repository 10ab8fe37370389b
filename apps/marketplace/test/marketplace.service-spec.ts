import { afterAll, beforeAll } from 'vitest';
import { startMarketplace } from './harness.js';

// One service for all suites: two in one run would share its durable consumers.
import './listings.suite.js';
import './subscriptions.suite.js';
import './usage.suite.js';

let stop: () => Promise<void>;

beforeAll(async () => {
  stop = await startMarketplace();
});

afterAll(() => stop());
