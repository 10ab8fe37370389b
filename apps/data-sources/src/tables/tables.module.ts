import { Module } from '@nestjs/common';
import { TableEngine } from './table-engine.js';
import { Workspace } from './workspace.js';

@Module({
  providers: [TableEngine, Workspace],
  exports: [TableEngine, Workspace],
})
export class TablesModule {}
