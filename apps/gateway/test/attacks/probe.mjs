// Loaded into the gateway's process by the attack tests: tells how it fares when it is asked.
//
// What counts is how long the gateway itself keeps its event loop. A turn that is late because other processes had the
// CPU is not its doing: of a late turn only as much counts as the process has computed in it.
import { createHistogram } from 'node:perf_hooks';

const TICK_MS = 5;
const busy = createHistogram();
let lastMs = performance.now();
let lastCpu = process.cpuUsage();

setInterval(() => {
  const nowMs = performance.now();
  const { user, system } = process.cpuUsage(lastCpu);
  const busyMs = Math.min(nowMs - lastMs, (user + system) / 1000);
  busy.record(Math.max(1, Math.round(busyMs * 1000)));
  lastMs = nowMs;
  lastCpu = process.cpuUsage();
}, TICK_MS).unref();

process.on('message', (message) => {
  if (message?.type === 'probe.reset') busy.reset();
  if (message?.type !== 'probe.read') return;
  process.send({
    type: 'probe',
    p99Ms: busy.percentile(99) / 1000,
    maxMs: busy.max / 1000,
    rssBytes: process.memoryUsage.rss(),
  });
});
