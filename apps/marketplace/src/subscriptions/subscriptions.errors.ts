import { DomainError } from '@aimass/platform-errors';

export const subscriptionNotFound = (id: string) =>
  new DomainError('not_found', 'marketplace.subscription_not_found', `There is no subscription "${id}".`);

export const ownListing = () =>
  new DomainError(
    'conflict',
    'marketplace.own_listing',
    'An organization cannot subscribe to its own listing. Call the deployment by its own name instead.',
  );

export const alreadySubscribed = (routeName: string) =>
  new DomainError(
    'conflict',
    'marketplace.already_subscribed',
    `The organization is subscribed to "${routeName}" already. Cancel that subscription before you choose another plan.`,
  );
