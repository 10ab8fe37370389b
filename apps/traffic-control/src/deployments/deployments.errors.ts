import { DomainError } from '@aimass/platform-errors';
import type { Violation } from '@aimass/platform-errors';

export const deploymentNotFound = (deployment: string) =>
  new DomainError(
    'not_found',
    'traffic_control.deployment_not_found',
    `There is no deployment "${deployment}".`,
  );

export const deploymentExists = (name: string) =>
  new DomainError(
    'conflict',
    'traffic_control.deployment_exists',
    `There is a deployment "${name}" already: update its variants, or choose another name.`,
  );

export const deploymentMoved = (name: string) =>
  new DomainError(
    'precondition_failed',
    'traffic_control.deployment_moved',
    `The deployment "${name}" has changed since you read it: read it again and repeat the update with its new etag.`,
  );

export const nameInvalid = (name: string) =>
  new DomainError(
    'invalid',
    'traffic_control.name_invalid',
    `"${name}" cannot be the name of a deployment.`,
    {
      violations: [
        {
          path: 'name',
          message:
            'Use 1 to 128 lower-case letters, digits, ".", "_" or "-", starting with a letter or digit; an id is not a name.',
        },
      ],
    },
  );

export const variantsInvalid = (violations: readonly Violation[]) =>
  new DomainError('invalid', 'traffic_control.variants_invalid', 'The variants are not valid.', {
    violations,
  });

export const versionIncomplete = (version: string) =>
  new DomainError(
    'unprocessable',
    'traffic_control.version_incomplete',
    `The model version "${version}" cannot be deployed: it has no signature or no manifest. Register it again.`,
  );
