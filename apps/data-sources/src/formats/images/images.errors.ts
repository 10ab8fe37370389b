import { DomainError } from '@aimass/platform-errors';
import { shown } from '../../archives/archives.errors.js';

/** More names than that nobody reads. */
const NAMED = 5;

const refusal = (code: string, message: string) =>
  new DomainError('unprocessable', `data_sources.${code}`, message);

export const noImages = () =>
  refusal('images_empty', 'The archive holds no image. Pack folders of images: <class>/<image>.png.');

export const notImages = (names: readonly string[]) =>
  refusal(
    'images_not_images',
    `${listed(names)} no PNG, JPEG, WebP, GIF or BMP image. Remove what is none and pack again.`,
  );

export const imagesWithoutClass = (names: readonly string[]) =>
  refusal(
    'images_no_class',
    `${listed(names)} in no folder. Put every image into the folder of its class: <class>/<image>.png.`,
  );

export const imageTooLarge = (name: string, width: number, height: number, limit: number) =>
  refusal(
    'image_too_large',
    `${shown(name)} has ${width} × ${height} pixels; at most ${limit} are allowed. Make it smaller.`,
  );

function listed(names: readonly string[]): string {
  const first = names.slice(0, NAMED).map(shown).join(', ');
  const others = names.length - NAMED;
  if (others > 0) return `${first} and ${others} more are`;
  return `${first} ${names.length === 1 ? 'is' : 'are'}`;
}
