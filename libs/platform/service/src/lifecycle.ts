import type { INestApplicationContext } from '@nestjs/common';
import type { Logger } from 'pino';

/** A stop that takes longer than this is cut short. */
const STOP_DEADLINE_MS = 10_000;

/**
 * Ties a running application to its process: SIGTERM and SIGINT drain it, and so does the end of the supervisor (the
 * IPC channel closes), so that no service outlives the platform it belongs to. `drain` finishes accepted work first,
 * because a Nest microservice cuts its connections before it runs any shutdown hook.
 */
export function superviseProcess(
  app: INestApplicationContext,
  logger: Logger,
  drain: () => Promise<void> = () => Promise.resolve(),
): void {
  let isStopping = false;
  const stop = (reason: string): void => {
    if (isStopping) return;
    isStopping = true;
    logger.info(`stopping: ${reason}`);
    const cut = setTimeout(() => process.exit(1), STOP_DEADLINE_MS);
    cut.unref();
    const close = drain().finally(() => app.close());
    close.then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('disconnect', () => stop('the supervisor is gone'));
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'uncaught exception');
    process.exit(1);
  });
  process.on('unhandledRejection', (reason) => {
    logger.fatal({ err: reason }, 'unhandled rejection');
    process.exit(1);
  });
}

/** Tells the supervisor, when there is one, that the service serves now. */
export function announceReady(): void {
  process.send?.({ type: 'ready' });
}
