import { Module } from '@nestjs/common';
import { CsvFormat } from './csv/csv.format.js';
import { TsvFormat } from './csv/tsv.format.js';
import type { Format } from './format.js';
import { Formats } from './formats.js';
import { ImagesFormat } from './images/images.format.js';
import { JsonlFormat } from './jsonl/jsonl.format.js';
import { NpyFormat } from './numpy/npy.format.js';
import { NpzFormat } from './numpy/npz.format.js';
import { ParquetFormat } from './parquet/parquet.format.js';

/** In the order in which they are asked; CSV is last, since it takes whatever is left. */
const FORMATS = [ParquetFormat, JsonlFormat, NpyFormat, NpzFormat, ImagesFormat, TsvFormat, CsvFormat];

/** The formats, each in a folder of its own. A new one goes into the list above. */
@Module({
  providers: [
    ...FORMATS,
    { provide: Formats, inject: FORMATS, useFactory: (...formats: Format[]) => new Formats(formats) },
  ],
  exports: [Formats],
})
export class FormatsModule {}
