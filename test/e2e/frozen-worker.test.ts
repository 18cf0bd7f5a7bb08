import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages, seeded } from '../support/messages.ts';
import { useStack } from '../support/servers.ts';
import { FULL, SEED } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

/** Copying goes on within this time after a worker was frozen; a frozen worker also swallows tasks. */
const RECOVERY_MS = 90_000;
const MINUTE = 60_000;
const ROUNDS = FULL ? 10 : 1;
const MESSAGES = FULL ? 4000 : 2000;
const QUEUES = 4;

const stack = useStack();
const random = seeded(SEED);
const workers: WorkerProcess[] = [];
let live: LiveReplication;

afterEach(async () => {
  await live.close();
  for (const worker of workers.splice(0)) {
    worker.thaw();
    await worker.kill();
  }
});

describe('R6: a worker that is frozen while it sends', () => {
  it(
    'is replaced; when it wakes nothing is lost or out of order, and what it sent late is counted, at most a batch a queue',
    async () => {
      console.log(`seed ${SEED}`);
      live = await LiveReplication.create(stack);
      let worker = await started();
      await live.start();
      for (let round = 0, total = 0; round < ROUNDS; round++) {
        const before = (await live.copied())!;
        // large ones, so that the freeze meets half-written frames
        const mix = { count: MESSAGES, seed: SEED + round, meanBytes: 30_000, large: 100, largestBytes: 3_000_000 };
        const producing = live.produce(marked(round, mixedMessages(mix)));
        await live.reaches(before + 1 + Math.floor(random() * (MESSAGES / 2)), MINUTE);
        worker.freeze();
        const frozen = worker;
        total += await producing;
        const struck = performance.now();
        const at = (await live.copied())!;
        expect(at, 'a freeze that finds nothing left to copy proves nothing').toBeLessThan(total);
        worker = await started();
        await live.reaches(at + 1, RECOVERY_MS);
        console.log(`frozen at ${at} of ${total}: copying went on after ${Math.round(performance.now() - struck)} ms`);
        frozen.thaw();
        await live.reaches(total, 2 * MINUTE);
        await frozen.stop();
      }
      const { source, ...verdict } = await live.verdict();
      console.log(`${verdict.repeated} of ${source} repeated`);
      expect(verdict).toMatchObject({ lost: 0, outOfOrder: 0, changed: 0 });
      expect(verdict.repeated).toBeLessThanOrEqual(ROUNDS * QUEUES * 4096);
      await eventually(MINUTE, async () => (await live.status()).counters.repeated === verdict.repeated);
    },
    ROUNDS * 5 * MINUTE,
  );
});

async function started(): Promise<WorkerProcess> {
  const worker = await WorkerProcess.start(stack);
  workers.push(worker);
  return worker;
}

/** Messages of several rounds must be distinguishable. */
function* marked(round: number, messages: ReturnType<typeof mixedMessages>): ReturnType<typeof mixedMessages> {
  for (const message of messages)
    yield { ...message, properties: [...message.properties, ['ROUND', String(round)] as const] };
}
