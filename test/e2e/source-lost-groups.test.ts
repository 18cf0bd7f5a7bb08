import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FailoverResult } from '../../src/replication/failover/messages.ts';
import { cli } from '../support/cli.ts';
import { useClusters } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages } from '../support/messages.ts';
import { useStack } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
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

test.runIf(FULL)(
  'R10: while the source is lost groups go on where they were in step last; once it is back, progress follows to it',
  async () => {
    const live = await LiveReplication.create(stack);
    const group = live.name;
    const copies = live.queues.map((queue) => ({ ...queue, broker: stack.west.brokerName }));
    const onEast = () => Promise.all(live.queues.map((queue) => clusters.east.admin.committed(group, queue)));
    const onWest = () => Promise.all(copies.map((queue) => clusters.west.admin.committed(group, queue)));
    const isOn = async (offsets: () => Promise<(number | undefined)[]>, wanted: number[]) =>
      JSON.stringify(await offsets()) === JSON.stringify(wanted);
    try {
      await clusters.east.admin.createGroup(group);
      for (const queue of live.queues) await clusters.east.admin.commit(group, queue, 10 + queue.id);
      await live.produce(mixedMessages({ count: 400, seed: 5, meanBytes: 100, large: 0, largestBytes: 0 }));
      await live.start({ groups: [group] });
      await live.reaches(400, 60_000);
      // the destination holds nothing but copies: an offset is the same on both sides
      await eventually(30_000, () => isOn(onWest, [10, 11, 12, 13]));
      await stack.east.broker.kill();
      const { code, stdout } = await cli(
        ['failover', live.name, '--mode', 'failover', '--config', stack.config, '--json'],
        {
          TEMPORAL_ADDRESS: stack.temporal.address,
        },
      );
      const result = JSON.parse(stdout) as FailoverResult;
      expect({ code, problems: result.problems }).toEqual({ code: 0, problems: [] });
      expect(result.groups).toEqual({
        groups: [{ group, syncedAt: expect.stringMatching(/^\d{4}-.*Z$/) as string }],
        more: 0,
      });
      const config = await clusters.west.admin.groupConfig(stack.west.brokerName, group);
      expect(config).toMatchObject({ consumeEnable: true });
      expect(await onWest()).toEqual([10, 11, 12, 13]);

      for (const queue of copies) await clusters.west.admin.commit(group, queue, 20 + queue.id);
      await stack.east.broker.start();
      await (await live.handle()).executeUpdate('resume', { args: [{ by: 'kim' }] });
      await eventually(60_000, () => isOn(onEast, [20, 21, 22, 23]));
      expect(await onWest()).toEqual([20, 21, 22, 23]);
    } finally {
      await stack.east.broker.start().catch(() => undefined);
      await live.close();
    }
  },
  300_000,
);
