import { Module } from '@nestjs/common';
import { IdentityModule } from '../identity/identity.module.js';
import { DatasetsController } from './datasets/datasets.controller.js';
import { DownloadsController } from './datasets/downloads.controller.js';
import { SplitMembershipController } from './datasets/split-membership.controller.js';
import { SplitsController } from './datasets/splits.controller.js';
import { VersionDetailsController } from './datasets/version-details.controller.js';
import { DeploymentsController } from './deployments/deployments.controller.js';
import { JobResultsController } from './jobs/job-results.controller.js';
import { JobsController } from './jobs/jobs.controller.js';
import { KeysController } from './keys/keys.controller.js';
import { ListingsController } from './listings/listings.controller.js';
import { ModelsController } from './models/models.controller.js';
import { OrganizationsController } from './organizations/organizations.controller.js';
import { PoliciesController } from './policies/policies.controller.js';
import { SourcesController } from './sources/sources.controller.js';
import { SubscriptionsController } from './subscriptions/subscriptions.controller.js';
import { SyncsController } from './syncs/syncs.controller.js';
import { TusUploads } from './uploads/tus-uploads.js';
import { TusController } from './uploads/tus.controller.js';
import { UploadsController } from './uploads/uploads.controller.js';
import { UsageController } from './usage/usage.controller.js';

/** The control routes under `/api/v1`. */
@Module({
  imports: [IdentityModule],
  controllers: [
    OrganizationsController,
    KeysController,
    // Before the controller that answers GET, whose HEAD it would be else.
    TusController,
    UploadsController,
    DatasetsController,
    VersionDetailsController,
    DownloadsController,
    SplitsController,
    SplitMembershipController,
    SourcesController,
    SyncsController,
    JobsController,
    JobResultsController,
    ModelsController,
    DeploymentsController,
    PoliciesController,
    ListingsController,
    SubscriptionsController,
    UsageController,
  ],
  providers: [TusUploads],
})
export class ApiModule {}
