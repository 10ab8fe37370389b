import { Module } from '@nestjs/common';
import { CsvFormat } from './csv/csv.format.js';
import { TsvFormat } from './csv/tsv.format.js';
import type { Format } from './format.js';
import { Formats } from './formats.js';

/** In the order in which they are asked; CSV is last, since it takes whatever is left. */
const FORMATS = [TsvFormat, CsvFormat];

/** The formats, each in a folder of its own. A new one goes into the list above. */
@Module({
  providers: [
    ...FORMATS,
    { provide: Formats, inject: FORMATS, useFactory: (...formats: Format[]) => new Formats(formats) },
  ],
  exports: [Formats],
})
export class FormatsModule {}
