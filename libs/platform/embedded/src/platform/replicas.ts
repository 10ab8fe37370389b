/** The inference replicas of a running platform: one from the start, more or fewer while it runs. */
import { pickFreePorts } from '../process/ports.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { replicaEnvironment, serviceEntry, type ReplicaPorts, type ServiceSetting } from './services.js';

/** The replica that every platform has; it is the service `inference`. */
export const FIRST_REPLICA = 'inference';

/** One running replica. */
export interface RunningReplica {
  /** `inference`, `inference-2`, … */
  name: string;
  pid: number;
  /** Its data plane and operators' gRPC: `host:port`. */
  grpcAddress: string;
  /** Its Open Inference Protocol over HTTP, for operators. */
  httpUrl: string;
}

/** Starts and stops replicas. Gateways find them by their heartbeats; nothing has to be told to anybody. */
export class Replicas {
  private readonly ports = new Map<string, ReplicaPorts>();
  private lastNumber = 1;

  constructor(
    private readonly supervisor: Supervisor,
    private readonly setting: ServiceSetting,
  ) {
    this.ports.set(FIRST_REPLICA, setting.firstReplica);
  }

  /** Those that are meant to run, also while one is restarting (its pid is that of the process that ended, then). */
  list(): RunningReplica[] {
    const pids = this.supervisor.pids();
    return [...this.ports].map(([name, { grpcPort, httpPort }]) => ({
      name,
      pid: pids[name]?.pid ?? 0,
      grpcAddress: `127.0.0.1:${grpcPort}`,
      httpUrl: `http://127.0.0.1:${httpPort}`,
    }));
  }

  /** Starts one more and waits until it is ready; from then on a crash restarts it. */
  async add(): Promise<RunningReplica> {
    const name = `${FIRST_REPLICA}-${(this.lastNumber += 1)}`;
    const [grpcPort = 0, httpPort = 0] = await pickFreePorts(2);
    const ports = { grpcPort, httpPort };
    await this.supervisor.start({
      name,
      entry: serviceEntry(this.setting.root, FIRST_REPLICA),
      env: replicaEnvironment(name, ports, this.setting),
    });
    this.ports.set(name, ports);
    return this.get(name);
  }

  /** Drains and stops one. */
  async remove(name: string): Promise<void> {
    this.get(name);
    await this.supervisor.stop(name);
    this.ports.delete(name);
  }

  private get(name: string): RunningReplica {
    const replica = this.list().find((each) => each.name === name);
    if (!replica) throw new Error(`There is no replica ${name}.`);
    return replica;
  }
}
