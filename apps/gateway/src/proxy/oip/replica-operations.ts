import { replica } from '@aimass/contracts';
import { DomainError, KINDS } from '@aimass/platform-errors';
import { grpcClient } from '@aimass/platform-grpc';
import type { GrpcClient } from '@aimass/platform-grpc';
import { OipError } from '@aimass/platform-open-inference';
import type { ProxyLog } from '../ports.js';

type Client = GrpcClient<typeof replica.ReplicaServiceService>;

/** A replica that does not say how its versions are within this time is left out. Milliseconds. */
const LIST_DEADLINE_MS = 2_000;

/** Where the replicas are and how long they may take. */
export interface OperationsOptions {
  /** Addresses of the replicas that take calls now. */
  readonly addresses: () => readonly string[];
  /** For loading and unloading a version. Milliseconds. */
  readonly deadlineMs: number;
  readonly log: ProxyLog;
}

/** What operators ask of all replicas at once, each under a deadline. */
export class ReplicaOperations {
  private readonly clients = new Map<string, Client>();

  constructor(private readonly options: OperationsOptions) {}

  /**
   * How versions are on every replica that answers, by version id. Throws OipError 503 when there are replicas and none
   * answers.
   */
  async list(modelVersionIds: readonly string[]): Promise<Map<string, replica.ServedVersionStatus[]>> {
    const found = new Map<string, replica.ServedVersionStatus[]>();
    if (modelVersionIds.length === 0) return found;
    const answers = await this.askAll((client) =>
      client.listServedVersions({ modelVersionIds: [...modelVersionIds] }, { deadlineMs: LIST_DEADLINE_MS }),
    );
    if (answers.length > 0 && answers.every(({ status }) => status === 'rejected')) {
      throw new OipError(503, 'No replica answers. Try again shortly.', 1);
    }
    for (const answer of answers) {
      if (answer.status === 'rejected')
        this.options.log.warn(`a replica was not asked: ${String(answer.reason)}`);
      else for (const version of answer.value.versions) push(found, version);
    }
    return found;
  }

  /** Loads versions on every replica. Throws OipError when there is none, and with the first reason when one fails. */
  load(modelVersionIds: readonly string[]): Promise<void> {
    const { deadlineMs } = this.options;
    return this.change(modelVersionIds, (client, modelVersionId) =>
      client.loadVersion({ modelVersionId }, { deadlineMs }),
    );
  }

  /** Unloads versions on every replica. Throws as `load` does. */
  unload(modelVersionIds: readonly string[]): Promise<void> {
    const { deadlineMs } = this.options;
    return this.change(modelVersionIds, (client, modelVersionId) =>
      client.unloadVersion({ modelVersionId }, { deadlineMs }),
    );
  }

  /** Ends the connections. */
  close(): void {
    for (const client of this.clients.values()) client.close();
    this.clients.clear();
  }

  private async change(
    modelVersionIds: readonly string[],
    ask: (client: Client, modelVersionId: string) => Promise<unknown>,
  ): Promise<void> {
    const answers = await this.askAll(async (client) => {
      for (const modelVersionId of modelVersionIds) await ask(client, modelVersionId);
    });
    if (answers.length === 0)
      throw new OipError(503, 'There is no replica. Start one, or try again shortly.', 1);
    const failed = answers.filter((answer) => answer.status === 'rejected');
    if (failed.length === 0) return;
    throw refusalOf(failed[0]?.reason, failed.length, answers.length);
  }

  private askAll<T>(ask: (client: Client) => Promise<T>): Promise<PromiseSettledResult<T>[]> {
    const addresses = this.options.addresses();
    for (const [address, client] of this.clients) {
      if (addresses.includes(address)) continue;
      client.close();
      this.clients.delete(address);
    }
    return Promise.allSettled(addresses.map((address) => ask(this.clientOf(address))));
  }

  private clientOf(address: string): Client {
    const known = this.clients.get(address);
    if (known) return known;
    const client = grpcClient(replica.ReplicaServiceService, { address, name: 'inference' });
    this.clients.set(address, client);
    return client;
  }
}

function push(found: Map<string, replica.ServedVersionStatus[]>, version: replica.ServedVersionStatus): void {
  const list = found.get(version.modelVersionId);
  if (list) list.push(version);
  else found.set(version.modelVersionId, [version]);
}

function refusalOf(reason: unknown, failed: number, asked: number): OipError {
  const where = asked === 1 ? '' : ` (on ${failed} of ${asked} replicas)`;
  if (!(reason instanceof DomainError)) throw reason;
  const retryAfter = reason.kind === 'unavailable' ? 1 : undefined;
  return new OipError(KINDS[reason.kind].http, `${reason.message}${where}`, retryAfter);
}
