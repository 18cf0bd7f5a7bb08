import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FailoverResult } from '../../src/replication/failover/messages.ts';
import { cli } from '../support/cli.ts';
import { useClusters } from '../support/clusters.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { MovingProducer } from '../support/moving-producer.ts';
import { sequences } from '../support/oracle/sequences.ts';
import { useStack } from '../support/servers.ts';
import { WorkerProcess } from '../support/worker-process.ts';

const stack = useStack();
const clusters = useClusters(stack);
let worker: WorkerProcess;

beforeAll(async () => {
  worker = await WorkerProcess.start(stack);
});
afterAll(async () => {
  await worker.stop();
});

const failover = async (...args: string[]) => {
  const { code, stdout } = await cli(['failover', ...args, '--mode', 'failover', '--config', stack.config, '--json'], {
    TEMPORAL_ADDRESS: stack.temporal.address,
  });
  return { code, result: JSON.parse(stdout) as FailoverResult };
};

test('the source is killed under production: RPO is told by queue, the destination opens; what was stranded arrives once the source is back', async () => {
  const live = await LiveReplication.create(stack);
  const writer = clusters.east.openDestination();
  const producer = new MovingProducer(live.topic, live.queues.length, { writer, broker: stack.east.brokerName });
  try {
    await live.start();
    await live.reaches(1_000, 60_000);
    expect(await failover(live.name)).toMatchObject({
      code: 1,
      result: { outcome: 'refused', problems: [expect.stringContaining('east is not lost')] },
    });
    await stack.east.broker.kill();
    await producer.stop().catch(() => undefined);
    const { code, result } = await failover(live.name, '--reason', 'east is gone');
    expect({ code, outcome: result.outcome, problems: result.problems }).toEqual({
      ...{ code: 0, outcome: 'done', problems: [] },
    });
    const arrived = await sequences(stack.west, live);
    expect(result.rpo).toMatchObject({ more: 0 });
    expect(result.rpo!.queues.toSorted((a, b) => a.queue - b.queue)).toEqual(
      arrived.map((queue, id) => ({
        ...{ topic: live.topic, broker: stack.east.brokerName, queue: id, copiedUpTo: queue.length },
        producedAt: expect.stringMatching(/^\d{4}-/) as string,
      })),
    );
    console.log(`RTO ${result.rtoMs} ms`);
    const status = await live.status();
    expect(status).toMatchObject({ state: 'PAUSED', epoch: 2, primary: 'west', lost: { cluster: 'east' } });
    expect(status).not.toHaveProperty('heldBy');

    await stack.east.broker.start();
    expect(await (await live.handle()).executeUpdate('resume', { args: [{ by: 'kim' }] })).toMatchObject({
      done: true,
    });
    await live.reaches(undefined, 120_000);
    const all = await sequences(stack.east, live);
    expect(await sequences(stack.west, live)).toEqual(all);
    for (const queue of all) expect(queue).toEqual(queue.map((_, index) => index));
  } finally {
    writer.close();
    await live.close();
  }
}, 300_000);
