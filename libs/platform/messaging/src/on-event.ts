import { SetMetadata } from '@nestjs/common';
import type { EventMessage, EventSubject } from '@aimass/contracts';
import type { EntityManager } from 'typeorm';

/** Marks a method as the handler of an event. */
export const ON_EVENT = Symbol('ON_EVENT');

/** What `@OnEvent` records. */
export interface EventSubscription {
  readonly subject: EventSubject;
  /** Names the durable consumer: `<service>__<purpose>`. */
  readonly durable: string;
}

/** A handler: its effect and the inbox row commit together in `tx`, so it takes effect once. Throwing redelivers. */
export type EventHandler<S extends EventSubject> = (
  event: EventMessage<S>,
  tx: EntityManager,
) => Promise<void>;

/** Subscribes a method to an event as a durable consumer. */
export function OnEvent<S extends EventSubject>(subject: S, durable: `${string}__${string}`) {
  const subscription: EventSubscription = { subject, durable };
  return (
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<EventHandler<S>>,
  ): void => {
    SetMetadata(ON_EVENT, subscription)(target, key, descriptor);
  };
}
