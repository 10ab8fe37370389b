import { DomainError } from '@aimass/platform-errors';
import type { Violation } from '@aimass/platform-errors';

export const listingNotFound = (id: string) =>
  new DomainError('not_found', 'marketplace.listing_not_found', `There is no listing "${id}".`);

export const planNotFound = (id: string) =>
  new DomainError('not_found', 'marketplace.plan_not_found', `There is no plan "${id}".`);

export const deploymentNotFound = (name: string) =>
  new DomainError(
    'not_found',
    'marketplace.deployment_not_found',
    `The organization has no deployment "${name}". Deploy a model version under this name first.`,
  );

export const listingInvalid = (violations: readonly Violation[]) =>
  new DomainError(
    'invalid',
    'marketplace.listing_invalid',
    `The listing is not valid. ${sentences(violations)}`,
    {
      violations,
    },
  );

export const planInvalid = (violations: readonly Violation[]) =>
  new DomainError('invalid', 'marketplace.plan_invalid', `The plan is not valid. ${sentences(violations)}`, {
    violations,
  });

export const vendorNameInvalid = (name: string) =>
  new DomainError(
    'invalid',
    'marketplace.vendor_name_invalid',
    `To sell, the organization needs a name of 1 to 63 lower-case letters, digits and "-" that starts with a letter or ` +
      `digit, since subscribers call "name/deployment"; "${name}" is not such a name.`,
  );

export const queryInvalid = (reason: string) =>
  new DomainError('invalid', 'marketplace.query_invalid', `The query is not valid: ${reason}.`);

export const moveUnknown = () =>
  new DomainError(
    'invalid',
    'marketplace.listing_move_unknown',
    'Name the move: submit, approve, reject, publish or delist.',
  );

export const noteInvalid = (reason: string) =>
  new DomainError('invalid', 'marketplace.review_note_invalid', `The review note is not valid: ${reason}.`);

export const listingMoveForbidden = (move: string, by: readonly string[]) =>
  new DomainError(
    'forbidden',
    'marketplace.listing_move_forbidden',
    `Only the ${by.join(' or the ')} may ${move} a listing.`,
  );

export const listingMoveIllegal = (state: string, move: string, from: readonly string[]) =>
  new DomainError(
    'conflict',
    'marketplace.listing_move_illegal',
    `The move "${move}" is not possible while the listing is ${state}; it must be ${from.join(' or ')}.`,
  );

export const listingHasNoPlan = () =>
  new DomainError(
    'conflict',
    'marketplace.listing_has_no_plan',
    'Add a price plan before you submit the listing.',
  );

export const lineageMissing = (deploymentName: string) =>
  new DomainError(
    'conflict',
    'marketplace.lineage_missing',
    `"${deploymentName}" has a model version of which nobody said where it comes from. Register it with its source.`,
  );

export const listingExists = (deploymentName: string) =>
  new DomainError(
    'conflict',
    'marketplace.listing_exists',
    `There is a listing of "${deploymentName}" already. Delist it before you start another.`,
  );

export const listingClosed = () =>
  new DomainError(
    'conflict',
    'marketplace.listing_delisted',
    'The listing is delisted: it takes no new plans and no new subscriptions.',
  );

export const planLimitReached = (limit: number) =>
  new DomainError('conflict', 'marketplace.plan_limit_reached', `A listing has at most ${limit} plans.`);

function sentences(violations: readonly Violation[]): string {
  return violations.map(({ path, message }) => `${path}: ${message}`).join(' ');
}
