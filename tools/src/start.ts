/**
 * `npm start`: boots the platform on this machine and stays until Ctrl-C.
 *
 *   node tools/dist/start.js [--port 8080] [--home .aimass] [--replicas 1] [--json] [--logs]
 */
import { parseArgs } from 'node:util';
import { childEnvironment } from '@aimass/platform-config';
import { startPlatform, type RunningPlatform } from '@aimass/platform-embedded';

const DEFAULT_PORT = 8080;
const USAGE = 'Usage: npm start -- [--port 8080] [--home .aimass] [--replicas 1] [--json] [--logs]';

interface StartArguments {
  port: number;
  home: string;
  /** Inference replicas. */
  replicas: number;
  /** Prints one line of JSON when the platform is up; progress goes to stderr. */
  json: boolean;
  /** Shows the services' logs as well. */
  logs: boolean;
}

function readArguments(): StartArguments {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: String(DEFAULT_PORT) },
        home: { type: 'string', default: '.aimass' },
        replicas: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
        logs: { type: 'boolean', default: false },
      },
    });
    return { ...values, port: Number(values.port), replicas: positive(values.replicas) };
  } catch (error) {
    throw new Error(`${messageOf(error)}\n${USAGE}`, { cause: error });
  }
}

async function main(): Promise<void> {
  const { port, home, replicas, json, logs } = readArguments();
  // Whoever reads the output may go away (`npm start | head`); that must not take the platform down undrained.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  const say = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`);
  const env = childEnvironment({});
  const boot = new AbortController();
  let platform: RunningPlatform | undefined;
  const stopped = onInterrupt((count) => {
    if (count > 1) return platform?.kill();
    say('stopping (Ctrl-C again to stop without draining)');
    boot.abort(new Error('stopped while starting'));
    return platform?.stop();
  });
  try {
    platform = await startPlatform({
      home,
      port,
      replicas,
      env,
      ...(env['NATS_URL'] && { natsUrl: env['NATS_URL'] }),
      ...(env['ADMIN_KEY'] && { adminKey: env['ADMIN_KEY'] }),
      ...(env['LOG_LEVEL'] && { logLevel: env['LOG_LEVEL'] }),
      ...(logs && { echoLogs: say }),
      onProgress: say,
      signal: boot.signal,
    });
  } catch (error) {
    if (boot.signal.aborted) return;
    throw error;
  }
  if (boot.signal.aborted) return platform.stop();
  announce(platform, json);
  await stopped;
  say('stopped');
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 64) return value;
  throw new Error('--replicas takes a whole number from 1 to 64.');
}

/** Settles when what `react` returned for the first signal has. Later signals only call `react` again. */
function onInterrupt(react: (count: number) => Promise<void> | undefined): Promise<void> {
  let count = 0;
  return new Promise((resolve, reject) => {
    const handle = () => {
      count += 1;
      Promise.resolve(react(count)).then(resolve, reject);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, handle);
  });
}

function announce(platform: RunningPlatform, json: boolean): void {
  const { gatewayUrl, adminKey, home, logDir, bootSeconds } = platform;
  const consoleUrl = `${gatewayUrl}/console`;
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ ok: true, gatewayUrl, consoleUrl, adminKey, home, logDir, bootSeconds })}\n`,
    );
    return;
  }
  const lines = [
    '',
    `AI Mass is up (${bootSeconds.toFixed(1)} s).`,
    `  gateway    ${gatewayUrl}`,
    `  API docs   ${gatewayUrl}/docs`,
    `  console    ${consoleUrl}`,
    `  admin key  ${adminKey}`,
    ...platform.replicas().map(({ name, httpUrl }) => `  ${name.padEnd(10)} ${httpUrl} (operators)`),
    `  logs       ${logDir}`,
    '',
    'Ctrl-C drains and stops everything; the data stays in the home folder.',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`\nAI Mass did not start: ${messageOf(error)}\n`);
    process.exit(1);
  },
);
