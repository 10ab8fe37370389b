import { X509Certificate } from 'node:crypto';
import type { PostgresSourceConfig, SourceCredentials } from '../../sources/source-config.js';
import type { Egress } from '../../net/egress.js';
import { postgresConfigRefused } from './postgres.errors.js';
import { checkedQuery } from './query-guard.js';
import { tableQuery } from './table-name.js';

/**
 * The query that a source stands for, once everything about it has been checked that needs no network. Throws
 * `blocked_address`, `host_refused`, `postgres_refused` or `query_refused`.
 */
export async function queryOf(config: PostgresSourceConfig, egress: Egress): Promise<string> {
  egress.check(config.host, config.port);
  refuseControls('database', config.database);
  refuseNoCertificate(config.caCertificate);
  return 'table' in config.selection
    ? tableQuery(config.selection.table)
    : checkedQuery(config.selection.query);
}

/** Who logs in. Throws `postgres_refused` without a role. */
export function roleOf(credentials: SourceCredentials | null): SourceCredentials {
  if (!credentials || credentials.user === '') {
    throw postgresConfigRefused('it needs credentials: a role and its password');
  }
  refuseControls('user', credentials.user);
  refuseControls('secret', credentials.secret);
  return credentials;
}

/** In the protocol a NUL ends a value, and what follows would be another setting. */
function refuseControls(name: string, value: string): void {
  if (/[\u0000-\u001f\u007f]/.test(value)) {
    throw postgresConfigRefused(`${name} holds a control character`);
  }
}

function refuseNoCertificate(pem: string): void {
  if (pem === '') return;
  try {
    new X509Certificate(pem);
  } catch {
    throw postgresConfigRefused('caCertificate is no certificate in PEM');
  }
}
