import { Injectable } from '@nestjs/common';
import type { FetchedFile } from '../../connectors/connector.js';
import type { Recipe } from '../../recipes/recipe.js';
import { CsvFormat } from './csv.format.js';

/** CSV text with tabs between the values: known by its name, since commas may be part of them. */
@Injectable()
export class TsvFormat extends CsvFormat {
  override readonly name = 'tsv';

  override detects([file, ...others]: readonly FetchedFile[]): Promise<boolean> {
    const isNamed = file !== undefined && others.length === 0 && /\.(tsv|tab)$/i.test(file.name);
    return Promise.resolve(isNamed || file?.mediaType === 'text/tab-separated-values');
  }

  protected override optionsOf(recipe: Recipe): NonNullable<Recipe['csv']> {
    return { delimiter: '\t', ...recipe.csv };
  }
}
