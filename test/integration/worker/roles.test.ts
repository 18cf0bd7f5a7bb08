import { afterEach, beforeEach, expect, test } from 'vitest';
import { cli } from '../../support/cli.ts';
import { eventually } from '../../support/eventually.ts';
import { LiveReplication } from '../../support/live-replication.ts';
import { mixedMessages } from '../../support/messages.ts';
import { useStack } from '../../support/servers.ts';
import { WorkerProcess } from '../../support/worker-process.ts';

const stack = useStack();
let live: LiveReplication;
let workers: WorkerProcess[];

beforeEach(async () => {
  workers = [];
  live = await LiveReplication.create(stack);
});

afterEach(async () => {
  await live.close();
  await Promise.all(workers.map((worker) => worker.stop()));
});

async function status(): Promise<string> {
  const { stdout } = await cli(['status', live.name, '--config', stack.config], {
    TEMPORAL_ADDRESS: stack.temporal.address,
  });
  return stdout;
}

test('a control worker and a pump worker copy together; without the latter status says what is missing', async () => {
  await live.produce(mixedMessages({ count: 500, seed: 1, meanBytes: 100, large: 0, largestBytes: 0 }));
  workers.push(await WorkerProcess.start(stack, stack.config, 'control'));
  await live.start({ parallelism: 2 });
  await eventually(20_000, async () => (await live.status()).state === 'RUNNING');
  expect(await status()).toMatch(
    /^2 of 2 pumps wait for a worker; start one with: replicator worker --role pump \(or give it more pumpSlots\)$/m,
  );
  workers.push(await WorkerProcess.start(stack, stack.config, 'pump'));
  await live.reaches(500, 30_000);
  expect(await status()).not.toContain('wait for a worker');
  expect(await live.verdict()).toMatchObject({ source: 500, copied: 500, lost: 0, repeated: 0, outOfOrder: 0 });
});
