import { Module } from '@nestjs/common';
import { PlacementService } from './placement.service.js';
import { RoutingFollower } from './routing-follower.js';

/** Which model versions this replica holds. */
@Module({ providers: [PlacementService, RoutingFollower], exports: [PlacementService] })
export class PlacementModule {}
