/** A replica in a process of its own, so that it can be stopped and continued. Prints its address once it serves. */
import { FakeReplica } from './fake-replica.js';

const replica = await FakeReplica.start();
process.stdout.write(`${replica.address}\n`);
