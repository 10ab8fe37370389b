import type { IncomingHttpHeaders } from 'node:http';

const MAXIMUM_LENGTH = 255;

/**
 * How the file is called, for people and for guessing its format: from Content-Disposition, else the last part of the
 * path, else `data`. A label only: no path is ever made of it. Holds no slash, backslash or control character.
 */
export function fileNameOf(headers: IncomingHttpHeaders, url: URL): string {
  const disposition = headers['content-disposition'] ?? '';
  return (
    label(extendedName(disposition)) ??
    label(plainName(disposition)) ??
    label(decoded(url.pathname.slice(url.pathname.lastIndexOf('/') + 1))) ??
    'data'
  );
}

/** RFC 6266, `filename*=UTF-8''a%20b.csv`. */
function extendedName(disposition: string): string | undefined {
  const [, encoded] = /;\s*filename\*\s*=\s*UTF-8'[^']*'([^;\s]+)/i.exec(disposition) ?? [];
  return encoded === undefined ? undefined : decoded(encoded);
}

function plainName(disposition: string): string | undefined {
  const [, quoted, token] = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))/i.exec(disposition) ?? [];
  return quoted?.replace(/\\(.)/g, '$1') ?? token;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The part behind the last slash or backslash, without control characters; undefined when nothing is left. */
function label(name: string | undefined): string | undefined {
  const last = (name ?? '').split(/[/\\]/).at(-1) ?? '';
  const clean = last.replace(/[\u0000-\u001f\u007f-\u009f]/g, '').trim();
  return clean === '' || clean === '.' || clean === '..' ? undefined : clean.slice(-MAXIMUM_LENGTH);
}
