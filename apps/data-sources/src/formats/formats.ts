import { MAGIC_BYTES, refuseOtherArchives } from '../archives/magic.js';
import type { FetchedFile } from '../connectors/connector.js';
import type { Recipe } from '../recipes/recipe.js';
import type { Format } from './format.js';
import { formatUnsupported } from './formats.errors.js';
import { headOf } from './only-file.js';

/** Every format there is, in the order in which they are asked whether a file is theirs. */
export class Formats {
  constructor(private readonly formats: readonly Format[]) {}

  /**
   * The format that the recipe names, else the first that recognises the files. Throws `unsupported_media`, and
   * `archive_unsupported` for archives that are no zip.
   */
  async find(recipe: Recipe, files: readonly FetchedFile[]): Promise<Format> {
    const name = recipe.format ?? 'auto';
    if (name !== 'auto') {
      const named = this.formats.find((format) => format.name === name);
      return named ?? this.refuse(name);
    }
    const [first] = files;
    if (first) refuseOtherArchives(await headOf(first.path, MAGIC_BYTES));
    for (const format of this.formats) if (await format.detects(files)) return format;
    return this.refuse(name);
  }

  private refuse(name: string): never {
    throw formatUnsupported(
      name,
      this.formats.map((format) => format.name),
    );
  }
}
