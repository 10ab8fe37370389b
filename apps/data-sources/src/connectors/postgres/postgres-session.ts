import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import { Client } from 'pg';
import type { FieldDef } from 'pg';
import type { OriginOf } from '../connector.js';
import type { Egress, PinnedHost } from '../../net/egress.js';
import type { PostgresSourceConfig } from '../../sources/source-config.js';
import { postgresFailure } from './postgres-failure.js';
import { roleOf } from './postgres-target.js';
import { queryRowTooLarge, queryTimedOut } from './postgres.errors.js';

/** Connecting and logging in takes no longer. */
const CONNECT_TIMEOUT_MS = 15_000;
/** What the server may be late with its own time-out. */
const GRACE_SECONDS = 5;
/** A message holds one row; the client library keeps it whole. */
const MAXIMUM_MESSAGE_BYTES = 16 * 1024 * 1024;

/** The part of the client library below its queries, of which its types do not tell. */
export interface Wire {
  readonly stream: Duplex & { readonly bytesRead: number };
  on(event: 'message', listener: () => void): void;
  once(event: 'sslconnect', listener: () => void): void;
}

/** Where a session goes, and how long it may wait. */
export interface SessionTarget {
  readonly egress: Egress;
  readonly origin: OriginOf<'postgres'>;
  /** For the next rows, and for locks. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** An open read-only transaction. */
export interface PostgresSession {
  readonly client: Client;
  readonly wire: Wire;
  /** The columns of a query, without a row being read. */
  describe(query: string): Promise<readonly FieldDef[]>;
}

/**
 * Runs `work` in a read-only transaction on an address that the gate has checked, and ends the connection. Throws
 * DomainErrors without credentials, or the signal's reason.
 */
export async function withPostgres<T>(
  target: SessionTarget,
  work: (session: PostgresSession) => Promise<T>,
): Promise<T> {
  const { egress, origin, timeoutSeconds, signal } = target;
  const { config } = origin;
  const pinned = await egress.pin(config.host, config.port, signal);
  const socket = new PinnedSocket(pinned);
  const client = newClient(origin, pinned, socket);
  const { connection: wire } = client as unknown as { readonly connection: Wire };
  boundMessages(wire, config.sslMode !== 'disable');
  // Without a listener the process would end; whoever waits for a query hears of it.
  client.on('error', () => undefined);
  socket.setTimeout((timeoutSeconds + GRACE_SECONDS) * 1000, () => {
    wire.stream.destroy(queryTimedOut(timeoutSeconds));
  });
  const onAbort = (): void => void wire.stream.destroy(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  let isOpen = false;
  try {
    await client.connect();
    isOpen = true;
    await client.query(openingStatements(timeoutSeconds));
    return await work({ client, wire, describe: (query) => describe(client, query) });
  } catch (error) {
    signal.throwIfAborted();
    const readBytes = wire.stream.bytesRead;
    throw postgresFailure(error, { host: pinned.host, isOpen, readBytes, timeoutSeconds });
  } finally {
    signal.removeEventListener('abort', onAbort);
    wire.stream.destroy();
    socket.destroy();
  }
}

/** Connects to the addresses that were checked, whatever it is told. */
class PinnedSocket extends Socket {
  constructor(private readonly pinned: PinnedHost) {
    super();
  }

  override connect(): this {
    const { host, port, lookup } = this.pinned;
    return super.connect({ host, port, lookup, autoSelectFamily: true });
  }
}

/** Everything is given, so that the library looks for nothing in its environment or in files. */
function newClient(
  { config, credentials }: OriginOf<'postgres'>,
  { host }: PinnedHost,
  socket: Socket,
): Client {
  const { user, secret } = roleOf(credentials);
  return new Client({
    host,
    port: config.port,
    database: config.database,
    user,
    // As a function: an empty password would be looked for elsewhere.
    password: () => secret,
    ssl: tlsOptions(config),
    stream: () => socket,
    application_name: 'aimass',
    client_encoding: 'UTF8',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
}

function tlsOptions({ sslMode, caCertificate }: PostgresSourceConfig): ConnectionOptions | false {
  if (sslMode === 'disable') return false;
  const authorities = caCertificate === '' ? {} : { ca: caCertificate };
  if (sslMode === 'verify-full') return { rejectUnauthorized: true, ...authorities };
  // As other clients do it: with authorities given, the chain counts, and the name does not.
  return { rejectUnauthorized: caCertificate !== '', checkServerIdentity: () => undefined, ...authorities };
}

/**
 * The settings bind for the transaction only, so that they also hold behind a pooler. The parser that checked the query
 * takes backslashes for what they are; so must the server. A server that can ends a query whose reader is gone.
 */
function openingStatements(timeoutSeconds: number): string {
  return `BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SET LOCAL statement_timeout = '${timeoutSeconds}s';
    SET LOCAL lock_timeout = '${timeoutSeconds}s';
    SET LOCAL idle_in_transaction_session_timeout = '${timeoutSeconds}s';
    SET LOCAL standard_conforming_strings = on;
    SET LOCAL TimeZone = 'UTC';
    SET LOCAL DateStyle = 'ISO, YMD';
    SET LOCAL IntervalStyle = 'iso_8601';
    SET LOCAL extra_float_digits = 3;
    SET LOCAL bytea_output = 'hex';
    SELECT set_config(name, '5s', true) FROM pg_settings WHERE name = 'client_connection_check_interval';`;
}

async function describe(client: Client, query: string): Promise<readonly FieldDef[]> {
  // The line break ends a comment that the query may end with.
  const text = `SELECT * FROM (\n${query}\n) AS source LIMIT 0`;
  const config = { text, rowMode: 'array' as const, queryMode: 'extended' };
  const { fields } = await client.query<string[]>(config);
  return fields;
}

/** Cuts a server off that sends a message without end. */
function boundMessages(wire: Wire, isSecure: boolean): void {
  let pendingBytes = 0;
  const watch = (): void => {
    wire.stream.on('data', (chunk: Buffer) => {
      pendingBytes += chunk.length;
      if (pendingBytes > MAXIMUM_MESSAGE_BYTES) wire.stream.destroy(queryRowTooLarge(MAXIMUM_MESSAGE_BYTES));
    });
  };
  wire.on('message', () => (pendingBytes = 0));
  if (isSecure) wire.once('sslconnect', watch);
  else watch();
}
