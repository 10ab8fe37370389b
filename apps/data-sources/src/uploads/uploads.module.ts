import { Module } from '@nestjs/common';
import { PartialFiles } from './partial-files.js';
import { ResumableUploadsService } from './resumable-uploads.service.js';
import { UploadReceiver } from './upload-receiver.js';
import { UploadSweeper } from './upload-sweeper.js';
import { UploadTurns } from './upload-turns.js';
import { UploadsController } from './uploads.controller.js';
import { UploadsRepository } from './uploads.repository.js';
import { UploadsService } from './uploads.service.js';

@Module({
  controllers: [UploadsController],
  providers: [
    UploadsRepository,
    UploadsService,
    PartialFiles,
    UploadReceiver,
    UploadTurns,
    ResumableUploadsService,
    UploadSweeper,
  ],
  exports: [UploadsService],
})
export class UploadsModule {}
