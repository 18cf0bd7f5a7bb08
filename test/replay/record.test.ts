import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { beforeAll, describe, test } from 'vitest';
import { OUTDATED, type BlockedQueue } from '../../src/replication/messages.ts';
import { useRig } from '../integration/workflows/rig.ts';
import { eventually } from '../support/eventually.ts';
import { gap, INPUT, MAP, type ReplicationRig, type ReplicationUnderTest } from '../support/replication-rig.ts';
import { nextRun, save } from './recording.ts';

/** More than `commands` needs. */
const SUGGESTED_AT = 200;

describe('record histories', () => {
  const stage = useRig(SUGGESTED_AT);
  let rig: ReplicationRig;
  beforeAll(() => {
    ({ rig } = stage);
  });

  const runOf = ({ handle }: ReplicationUnderTest, runId: string) =>
    stage.temporal.client.workflow.getHandle(handle.workflowId, runId);

  test('commands', async () => {
    let tries = 0;
    rig.prepare = () =>
      ++tries === 1
        ? Promise.reject(new Error('east is away'))
        : Promise.resolve({ map: MAP, starts: { 'orders/east-a/0': 3 } });
    const replication = await rig.running();
    const [pump] = rig.pumpsOf(replication).filter(({ input }) => input.shard === 0);
    await replication.report(pump!, { blocked: [gap(1, 100, 250)], troubles: ['slow'] });
    await replication.update('skipGap', { topic: 'orders', queue: 1, by: 'kim' });
    await replication.handle.signal('pauze');
    await replication.handle.signal('pause', { by: 5 });
    await Promise.all([
      replication.update('pause', { operationId: 'x', reason: 'night' }),
      replication.update('pause', { operationId: 'x' }),
    ]);
    await replication.handle.signal('resume', { by: 'kim' });
    await replication.reaches('RUNNING');
    await replication.update('reverse');
    await replication.update('stop', { reason: 'moved' });
    await replication.result();
    await save('commands', replication.handle);
  });

  test('continue as new, twice', async () => {
    rig.prepare = () => Promise.resolve({ map: MAP, starts: {} });
    const replication = await rig.running();
    for (const name of ['first-run', 'second-run']) {
      const before = await replication.runId();
      await replication.update('pause', { operationId: name });
      await replication.update('resume');
      await replication.reaches('RUNNING');
      await nextRun(replication);
      await save(name, runOf(replication, before));
    }
    await replication.update('stop');
  });

  test('cancelled while paused', async () => {
    const replication = await rig.running();
    await replication.update('pause');
    await replication.handle.cancel();
    await replication.result();
    await save('cancelled', replication.handle);
  });

  test('with search attributes', async () => {
    rig.searchAttributes = await rig.provideSearchAttributes();
    const replication = await rig.running();
    await replication.update('stop');
    await save('search-attributes', replication.handle);
    rig.searchAttributes = [];
  });

  test('changes while it runs', async () => {
    rig.prepare = ({ input }) =>
      Promise.resolve({ map: MAP.filter(({ topic }) => input.topics.includes(topic)), starts: {}, revision: 1 });
    const seen = [{ changes: ['topic orders has 2 new queues'], surplus: [] }];
    rig.watch = () => Promise.resolve(seen.pop()).then((watched) => watched ?? Context.current().cancelled);
    const replication = await rig.running();
    const first = await replication.runId();
    await replication.update('rescale', { parallelism: 3 });
    await eventually(10_000, () => rig.pumpsOf(replication).length === 3);
    await replication.update('updateConfig', { onGap: 'skip', topics: ['orders', 'payments'] });
    await replication.update('stop');
    await replication.result();
    await save('changes', runOf(replication, first));
    rig.watch = () => Context.current().cancelled;
    rig.prepare = () => Promise.resolve({ map: MAP, starts: {} });
  });

  test('a pump that was told less than is journaled', async () => {
    const replication = await rig.running();
    rig.prepare = () => Promise.resolve({ map: MAP, starts: {}, epoch: 7, revision: 3, histories: {} });
    rig.pumpFails = ({ revision }) => (revision === 3 ? undefined : ApplicationFailure.nonRetryable('older', OUTDATED));
    await replication.update('rescale', { parallelism: 1 });
    await eventually(20_000, () => rig.pumpsOf(replication).some(({ input }) => input.epoch === 7));
    await replication.update('stop');
    await replication.result();
    await save('outdated', replication.handle);
    rig.pumpFails = () => undefined;
    rig.prepare = () => Promise.resolve({ map: MAP, starts: {} });
  });

  test('blocked queues', async () => {
    const replication = await rig.running();
    const report = async (blocked: BlockedQueue) => {
      const pump = await eventually(10_000, () => rig.pumpsOf(replication).find(({ input }) => input.shard === 0));
      await replication.report(pump, { blocked: [blocked] });
    };
    await report({ ...gap(0, 50, 20), kind: 'history' });
    await replication.update('acceptHistory', { topic: 'orders', queue: 0 });
    await report({ ...gap(1, 50), kind: 'queue-gone' });
    await replication.update('remap', { topic: 'orders', queue: 1, toQueue: 0 });
    await report({ ...gap(0, 60), kind: 'poison' });
    await replication.update('redrive', { topic: 'orders' });
    await replication.update('stop', { retire: true });
    await replication.result();
    await save('blocked', replication.handle);
  });

  test('wrong input', async () => {
    const replication = await rig.begin({ ...INPUT, topics: [] });
    await replication.result().catch(() => undefined);
    await save('wrong-input', replication.handle);
  });
});
