import { LedgerEntry } from './ledger/ledger-entry.entity.js';
import { Listing } from './listings/listing.entity.js';
import { Plan } from './listings/plan.entity.js';
import { CreateListings1732400000000 } from './migrations/1732400000000-create-listings.js';
import { CreateSubscriptions1732400000001 } from './migrations/1732400000001-create-subscriptions.js';
import { CreateLedger1732400000002 } from './migrations/1732400000002-create-ledger.js';
import { Subscription } from './subscriptions/subscription.entity.js';

/** The tables of this service. */
export const entities = [Listing, Plan, Subscription, LedgerEntry];

/** How they came to be, oldest first. */
export const migrations = [
  CreateListings1732400000000,
  CreateSubscriptions1732400000001,
  CreateLedger1732400000002,
];
