import { UsageRecorded } from './gen/aimass/gateway/v1/gateway_events.js';
import {
  DatasetVersionImported,
  SyncFailed,
  SyncSucceeded,
} from './gen/aimass/data_sources/v1/data_sources_events.js';
import {
  ListingPublished,
  SubscriptionActivated,
  SubscriptionCancelled,
} from './gen/aimass/marketplace/v1/marketplace_events.js';
import { AliasMoved, ModelVersionRegistered } from './gen/aimass/model_registry/v1/model_registry_events.js';
import {
  DeploymentChanged,
  DeploymentDeleted,
} from './gen/aimass/traffic_control/v1/traffic_control_events.js';
import { JobCancelled, JobFailed, JobSucceeded } from './gen/aimass/training/v1/training_events.js';

/**
 * Every event of the platform: subject → message. `<service>.v1.<aggregate>.<past tense>`; the part before the first
 * dot names the stream. `emit` and `@OnEvent` are type-checked against this table.
 */
export const EVENTS = {
  'data_sources.v1.dataset_version.imported': DatasetVersionImported,
  'data_sources.v1.sync.succeeded': SyncSucceeded,
  'data_sources.v1.sync.failed': SyncFailed,
  'training.v1.job.succeeded': JobSucceeded,
  'training.v1.job.failed': JobFailed,
  'training.v1.job.cancelled': JobCancelled,
  'model_registry.v1.model_version.registered': ModelVersionRegistered,
  'model_registry.v1.alias.moved': AliasMoved,
  'traffic_control.v1.deployment.changed': DeploymentChanged,
  'traffic_control.v1.deployment.deleted': DeploymentDeleted,
  'marketplace.v1.listing.published': ListingPublished,
  'marketplace.v1.subscription.activated': SubscriptionActivated,
  'marketplace.v1.subscription.cancelled': SubscriptionCancelled,
  'gateway.v1.usage.recorded': UsageRecorded,
} as const;

/** A subject that exists. */
export type EventSubject = keyof typeof EVENTS;

/** The message of a subject. */
export type EventMessage<S extends EventSubject> = ReturnType<(typeof EVENTS)[S]['decode']>;

/** The JetStream stream that carries a subject, for example `TRAINING`. */
export function streamOf(subject: EventSubject): string {
  return subject.slice(0, subject.indexOf('.')).toUpperCase();
}

/** KV buckets: state that is published, not told. */
export const KV_BUCKETS = {
  /** `RoutingSnapshot` under the organization's id. */
  routing: 'routing',
  /** `ReplicaHeartbeat` under the replica's id. */
  replicas: 'replicas',
} as const;

/** Core NATS subjects for notices whose loss costs nothing: whoever misses one catches up by its own poll. */
export const NOTICES = {
  /** Keys have changed (created, revoked): refresh them now rather than at the next poll. */
  keysChanged: 'gateway.notice.keys_changed',
} as const;
