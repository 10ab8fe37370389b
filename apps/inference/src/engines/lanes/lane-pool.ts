import { availableParallelism } from 'node:os';
import type { EngineSettings } from '../create-engine.js';
import type { LoadedModel } from '../engine.js';
import { OwningModel } from '../watchdog/watchdog.js';
import type { Watchdog } from '../watchdog/watchdog.js';
import { Lane } from './lane.js';
import type { LaneLoad } from './lane-messages.js';

/** What lanes are made from. */
export interface LaneOptions {
  readonly settings: EngineSettings;
  /** Threads at most; by default one less than the machine has cores, which is the event loop's. */
  readonly lanes: number | undefined;
  readonly watchdog: Watchdog;
}

/** The threads for slow models, started when the first comes. Each model lives in one, and several may share one. */
export class LanePool {
  private readonly lanes: Lane[] = [];
  private readonly limit: number;

  constructor(private readonly options: LaneOptions) {
    this.limit = options.lanes ?? Math.max(1, availableParallelism() - 1);
  }

  /** Loads a model into the lane that has the fewest; it is watched there. The files may be gone afterwards. */
  async load(modelVersionId: string, load: Omit<LaneLoad, 'place'>): Promise<LoadedModel> {
    const { watchdog } = this.options;
    const place = watchdog.claim(modelVersionId);
    const giveBack = (): void => {
      if (place) watchdog.release(place);
    };
    try {
      const threads = this.lanes.length;
      const loading = this.choose().load({ ...load, place });
      const startedThread = this.lanes.length > threads;
      return Object.assign(new OwningModel(await loading, giveBack), { startedThread });
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.stop()));
  }

  private choose(): Lane {
    const [least] = [...this.lanes].sort((a, b) => a.size - b.size);
    if (least && (least.size === 0 || this.lanes.length >= this.limit)) return least;
    const lane = new Lane(this.options.settings);
    this.lanes.push(lane);
    return lane;
  }
}
