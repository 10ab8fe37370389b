import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, BenchOptions } from '../bench.js';
import { AIMS, findUnmeasured, judge } from './aims.js';
import { summarize, type Cell, type MeasuredCell } from './cells.js';
import { describeError } from './describe-error.js';
import { measureCells, type PlannedCell } from './measure.js';
import { computeReference, describeDifference } from './reference.js';
import { formatAim, formatTable } from './report.js';
import { sendOnce } from './send-once.js';
import type { Target, TargetCall, TargetContext } from './targets/target.js';
import { LEFT_OUT, TARGETS } from './targets/targets.js';
import { makeWork, WORKS, type Work, type WorkName } from './works.js';

const CONNECTIONS = [1, 16, 64];

/** A target that cannot run here, or a cell that could not be measured, and why. */
interface Absence {
  readonly target: string;
  readonly reason: string;
}

/** Predictions per second beside a bare server and the servers that others use. */
export const inferenceBench: Bench = {
  title: 'one-row and 1 MB predictions over HTTP and gRPC beside a bare server and other model servers',
  defaults: { rounds: 3, seconds: 2 },
  run: runInferenceBench,
};

async function runInferenceBench(options: BenchOptions): Promise<object> {
  const works = chooseFrom(options.works, WORKS, '--work').map(makeWork);
  const names = chooseFrom(options.targets, Object.keys(TARGETS), '--targets');
  const workDir = await mkdtemp(join(tmpdir(), 'aimass-bench-work-'));
  const targets = new Map<string, Target>();
  try {
    const context = await prepare(workDir, works, options);
    const missing = await startTargets(names, targets, context);
    const cells = planCells(targets, works, options.connections ?? CONNECTIONS);
    const outcome = await measureCells(cells, options);
    const leftOut = Object.entries(LEFT_OUT).map(([target, reason]) => ({ target, reason }));
    return report(
      { ...outcome, planned: cells.map(({ cell }) => cell), missing: [...missing, ...leftOut] },
      options,
    );
  } finally {
    for (const target of [...targets.values()].reverse()) await target.stop();
    await rm(workDir, { recursive: true, force: true });
  }
}

/** The chosen names in their own order; all when none is chosen. Throws on a name that is not there. */
function chooseFrom<Name extends string>(
  chosen: readonly string[] | undefined,
  names: readonly Name[],
  flag: string,
): Name[] {
  const unknown = chosen?.find((name) => !(names as readonly string[]).includes(name));
  if (unknown !== undefined) throw new Error(`${flag} knows ${names.join(', ')}, not "${unknown}".`);
  return names.filter((name) => chosen?.includes(name) ?? true);
}

async function prepare(
  workDir: string,
  works: readonly Work[],
  { say, signal }: BenchOptions,
): Promise<TargetContext> {
  // Peers load all models, also those that are not asked for.
  for (const { name, model } of WORKS.map(makeWork)) await writeFile(join(workDir, `${name}.onnx`), model);
  return { works, modelsDir: workDir, workDir, say, signal };
}

/** Starts one after another and checks their answers; those that cannot run are named and left out. */
async function startTargets(
  names: readonly string[],
  targets: Map<string, Target>,
  context: TargetContext,
): Promise<Absence[]> {
  const references = new Map<WorkName, Float32Array>();
  for (const work of context.works) references.set(work.name, await computeReference(work));
  const missing: Absence[] = [];
  for (const name of names) {
    context.say(`starting ${name}`);
    try {
      const target = await TARGETS[name]?.(context);
      if (!target) continue;
      targets.set(name, target);
      for (const work of context.works)
        await checkAnswers(target.calls(work), references.get(work.name) ?? []);
      await target.pause();
    } catch (error) {
      context.signal.throwIfAborted();
      const reason = describeError(error);
      context.say(`${name} is missing: ${reason}`);
      missing.push({ target: name, reason });
      await targets.get(name)?.stop();
      targets.delete(name);
    }
  }
  return missing;
}

/** Fast and wrong is not fast: throws when a target says something else than onnxruntime itself. */
async function checkAnswers(calls: readonly TargetCall[], reference: ArrayLike<number>): Promise<void> {
  for (const { label, call } of calls) {
    const difference = describeDifference(call.read(await sendOnce(call)), reference);
    if (difference !== undefined) throw new Error(`${label} answers wrongly at ${call.url}: ${difference}`);
  }
}

/** Cells that are compared with each other lie next to each other. */
function planCells(
  targets: ReadonlyMap<string, Target>,
  works: readonly Work[],
  connections: readonly number[],
): PlannedCell[] {
  const settings = works.flatMap((work) =>
    (['http', 'grpc'] as const).flatMap((protocol) =>
      connections.map((count) => ({ work, protocol, count })),
    ),
  );
  return settings.flatMap(({ work, protocol, count }) =>
    [...targets.values()].flatMap((owner) =>
      owner
        .calls(work)
        .filter(({ call }) => call.protocol === protocol)
        .map(({ label, call }) => ({
          cell: { work: work.name, protocol, connections: count, target: label },
          call,
          owner,
        })),
    ),
  );
}

/** Everything that a run found out. */
interface Findings {
  readonly planned: readonly Cell[];
  readonly measured: readonly MeasuredCell[];
  readonly missing: readonly Absence[];
  readonly failed: readonly Absence[];
}

function report({ planned, measured, missing, failed }: Findings, { rounds, say }: BenchOptions): object {
  say(`\nMedians of ${rounds} rounds; noise is half of what lies between the slowest and the fastest round.`);
  for (const line of formatTable(measured)) say(line);
  say('');
  const aims = judge(AIMS, measured);
  for (const aim of aims) say(formatAim(aim));
  for (const { work, protocol, connections, target, beside } of findUnmeasured(AIMS, planned, measured)) {
    say(`${work} ${protocol} ${connections}: ${target} beside ${beside}: NOT MEASURED`);
  }
  for (const { target, reason } of missing) say(`missing: ${target}: ${reason}`);
  for (const { target, reason } of failed) say(`failed: ${target}: ${reason}`);
  return { bench: 'inference', rounds, results: measured.map(summarize), aims, missing, failed };
}
