/** Runs until it is killed: records usage, several events a turn, ships it, and prints the id of each that is kept. */
import { gatewayEvents } from '@aimass/contracts';
import { connectNats } from '@aimass/platform-messaging';
import { uuidv7 } from 'uuidv7';
import { UsageShipper } from '../../src/proxy/metering/usage-shipper.js';
import { UsageSpool } from '../../src/proxy/metering/usage-spool.js';

const [folder = '', organizationId = '', natsUrl = ''] = process.argv.slice(2);
const quiet = { log: () => undefined, warn: () => undefined, error: () => undefined };
const spool = new UsageSpool(
  folder,
  { segmentBytes: 20_000, segmentMs: 60_000, isSpoolSynced: false },
  quiet,
);
new UsageShipper(await connectNats(natsUrl, 'spool writer'), spool, quiet, 5).start();

function turn(): void {
  for (let index = 0; index < 7; index++) {
    const id = uuidv7();
    const event = gatewayEvents.UsageEvent.fromPartial({
      id,
      organizationId,
      quantity: 1,
      occurredAt: new Date(),
    });
    spool.append(event, (error) => {
      if (error === null) process.stdout.write(`${id}\n`);
    });
  }
  setImmediate(turn);
}
turn();
