import { dataSources, training } from '@aimass/contracts';
import { eventually } from '@aimass/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ServiceProcess } from './service-process.js';
import { isGroupAlive, TrainingWorld } from './training-harness.js';

const { JobState } = training;
const { DOUBLE } = dataSources.ColumnType;
const waits = { target: 'waits', features: 'eruptions' };

let world: TrainingWorld;
let splitId: string;
let service: ServiceProcess;

beforeAll(async () => {
  world = await TrainingWorld.create();
  const columns = { eruptions: DOUBLE, waits: DOUBLE, succeeds: DOUBLE };
  splitId = await world.addSplit({ columns, parts: { train: Buffer.from('PAR1') } });
});

afterAll(() => world.remove());

beforeEach(async () => {
  service = await ServiceProcess.start(world);
});

afterEach(() => service.end('SIGTERM'));

const rowOf = async (id: string) =>
  (
    await world.query<{ run: number; attempt: number; state: string }>('SELECT * FROM job WHERE id = $1', [
      id,
    ])
  )[0];
const subjectsOf = async (id: string) => (await world.eventsOf(id)).map(({ subject }) => subject);

/** Kills a run's guard and trainer as a power cut would. */
async function killRun(id: string, run: number): Promise<void> {
  process.kill(-(await world.guardPid(id, run)), 'SIGKILL');
}

describe('kill -9 of the service in the middle of a job', () => {
  it('leaves the trainer running; the next service adopts it, and it succeeds once with every metric once', async () => {
    const id = await service.caller.create(splitId, waits);
    await service.caller.training(id);
    const pid = await world.guardPid(id, 1);
    await service.end('SIGKILL');
    expect(isGroupAlive(pid)).toBe(true);

    const before = await rowOf(id);
    service = await ServiceProcess.start(world);
    await service.caller.training(id, 200);
    await world.tellToGo(id);
    expect(await service.caller.finished(id)).toMatchObject({ state: JobState.SUCCEEDED, attempt: 1 });
    expect([before?.run, (await rowOf(id))?.run]).toEqual([1, 1]);
    expect(await subjectsOf(id)).toEqual(['training.v1.job.succeeded']);
    const points = await service.caller.points(id);
    expect(points.map(({ epoch }) => Number(epoch))).toEqual(points.map((_, index) => index + 1));
  });

  it('loses nothing when the trainer ends while there is no service', async () => {
    const id = await service.caller.create(splitId, waits);
    await service.caller.training(id);
    const pid = await world.guardPid(id, 1);
    await service.end('SIGKILL');
    await world.tellToGo(id);
    await eventually(() => (isGroupAlive(pid) ? undefined : true));

    service = await ServiceProcess.start(world);
    expect(await service.caller.finished(id)).toMatchObject({ state: JobState.SUCCEEDED, attempt: 1 });
    expect(await subjectsOf(id)).toEqual(['training.v1.job.succeeded']);
  });

  it('keeps a cancel that was acknowledged', async () => {
    const id = await service.caller.create(splitId, waits);
    await service.caller.training(id);
    const pid = await world.guardPid(id, 1);
    await world.query(`UPDATE job SET state = 'cancelling' WHERE id = $1`, [id]);
    await service.end('SIGKILL');

    service = await ServiceProcess.start(world);
    expect((await service.caller.finished(id)).state).toBe(JobState.CANCELLED);
    expect(isGroupAlive(pid)).toBe(false);
  });

  it('starts what was queued', async () => {
    const id = await service.caller.create(splitId, { ...waits, target: 'succeeds' });
    await service.end('SIGKILL');
    service = await ServiceProcess.start(world);
    expect((await service.caller.finished(id)).state).toBe(JobState.SUCCEEDED);
    expect(await subjectsOf(id)).toEqual(['training.v1.job.succeeded']);
  });
});

describe('kill -9 of the service and the trainer', () => {
  it('has the job retried once, from its checkpoint, and then succeed', async () => {
    const id = await service.caller.create(splitId, waits);
    await service.caller.training(id, 5);
    await service.end('SIGKILL');
    await killRun(id, 1);

    service = await ServiceProcess.start(world);
    await eventually(async () => ((await rowOf(id))?.run === 2 ? true : undefined));
    await eventually(() => world.tellToGo(id, 2).then(() => true));
    expect(await service.caller.finished(id)).toMatchObject({ state: JobState.SUCCEEDED, attempt: 2 });
    expect(await service.caller.log(id)).toBe('resumed\n');
    expect(await subjectsOf(id)).toEqual(['training.v1.job.succeeded']);
  });

  it('fails the job with trainer_lost the second time', async () => {
    const id = await service.caller.create(splitId, waits);
    await service.caller.training(id);
    await service.end('SIGKILL');
    await killRun(id, 1);
    service = await ServiceProcess.start(world);
    await eventually(async () => ((await world.guardPid(id, 2)) > 0 ? true : undefined));
    await service.end('SIGKILL');
    await killRun(id, 2);

    service = await ServiceProcess.start(world);
    const job = await service.caller.finished(id);
    expect(job).toMatchObject({ state: JobState.FAILED, attempt: 2, failure: { code: 'trainer_lost' } });
    expect(await subjectsOf(id)).toEqual(['training.v1.job.failed']);
    await eventually(() => (world.isSwept(id) ? true : undefined));
  });
});

describe('SIGTERM', () => {
  it('ends the service and its trainers at once; the job waits for the next start and does not count it', async () => {
    const id = await service.caller.create(splitId, waits);
    await service.caller.training(id);
    const pid = await world.guardPid(id, 1);
    expect(await service.end('SIGTERM')).toBe(0);
    expect(isGroupAlive(pid)).toBe(false);
    expect(await rowOf(id)).toMatchObject({ state: 'queued', attempt: 1 });

    service = await ServiceProcess.start(world);
    await eventually(async () => ((await world.guardPid(id, 2)) > 0 ? true : undefined));
    await world.tellToGo(id, 2);
    expect(await service.caller.finished(id)).toMatchObject({ state: JobState.SUCCEEDED, attempt: 1 });
    expect(await subjectsOf(id)).toEqual(['training.v1.job.succeeded']);
  });
});

describe('a worker that has lost its lease', () => {
  it('changes nothing more', async () => {
    const id = await service.caller.create(splitId, waits);
    await service.caller.training(id);
    // As if the process had been frozen for longer than its lease.
    await world.query(
      `UPDATE job SET lease_owner = 'somebody else', lease_expires_at = now() + interval '1 hour' WHERE id = $1`,
      [id],
    );
    await world.tellToGo(id);
    // Only when it has noticed is it certain that it will do nothing more.
    await eventually(() => (service.log.includes('another worker has taken over run 1') ? true : undefined));
    expect(await rowOf(id)).toMatchObject({ state: 'running', lease_owner: 'somebody else' });
    expect(await subjectsOf(id)).toEqual([]);

    await world.query(`UPDATE job SET lease_expires_at = now() WHERE id = $1`, [id]);
    expect(await service.caller.finished(id)).toMatchObject({ state: JobState.SUCCEEDED, attempt: 1 });
    expect(await subjectsOf(id)).toEqual(['training.v1.job.succeeded']);
  });
});
