import type { SourceConfig } from './source-config.js';

/**
 * Who gets to see the credentials of a source: the server, and how the connection to it is protected. Credentials that
 * were given for one are for no other.
 */
export function serverOf(config: SourceConfig): string {
  switch (config.kind) {
    case 'http':
      return originOf(config.url);
    case 's3':
      return config.endpoint === '' ? `AWS ${config.region}` : originOf(config.endpoint);
    case 'postgres':
      return [config.host.toLowerCase(), config.port, config.sslMode, config.caCertificate].join(' ');
  }
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}
