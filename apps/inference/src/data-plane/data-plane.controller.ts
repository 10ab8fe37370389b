import { inference } from '@aimass/contracts';
import { GrpcController } from '@aimass/platform-grpc';
import type { GrpcHandlers } from '@aimass/platform-grpc';
import { DataPlaneService } from './data-plane.service.js';
import type { ExchangeStream } from './exchange-session.js';

/** The gateways' way in. */
@GrpcController(inference.DataPlaneServiceService)
export class DataPlaneController implements GrpcHandlers<typeof inference.DataPlaneServiceService> {
  constructor(private readonly dataPlane: DataPlaneService) {}

  exchange(stream: ExchangeStream): void {
    this.dataPlane.open(stream);
  }
}
