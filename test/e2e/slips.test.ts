import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FailoverResult } from '../../src/replication/failover/messages.ts';
import type { CommandAnswer } from '../../src/replication/messages.ts';
import { flowGroup } from '../../src/replication/names.ts';
import { openRemotingCluster } from '../../src/transport/remoting/cluster.ts';
import { cli, type CliResult } from '../support/cli.ts';
import { useClusters } from '../support/clusters.ts';
import { deleteTopic } from '../support/delete-topic.ts';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages } from '../support/messages.ts';
import { useStack } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { useWorker } from '../support/use-worker.ts';

/** Locks of a run that was ended by force may have to lapse. */
const TAKEOVER_MS = 90_000;
const LIMIT_MS = 240_000;
const COUNT = 2000;

const stack = useStack();
const clusters = useClusters(stack);
useWorker(stack);
let live: LiveReplication;
let handle: WorkflowHandle;

beforeEach(async () => {
  live = await LiveReplication.create(stack);
  handle = await live.handle();
});

afterEach(() => live.close());

/** Copies for about 10 s; resolves when it has begun. */
async function copying(): Promise<void> {
  await live.produce(mixedMessages({ count: COUNT, seed: 1, meanBytes: 500, large: 0, largestBytes: 0 }));
  await live.start({ rateLimit: { messagesPerSecond: COUNT / 10 } });
  await live.reaches(COUNT / 10, 30_000);
}

async function expectExact(): Promise<void> {
  await live.reaches(COUNT, TAKEOVER_MS);
  const [pause, resume] = [await command('pause'), await command('resume')];
  expect([pause, resume]).toMatchObject([{ done: true, state: 'PAUSED' }, { done: true }]);
  expect(await live.verdict()).toEqual({
    source: COUNT,
    copied: COUNT,
    lost: 0,
    repeated: 0,
    outOfOrder: 0,
    changed: 0,
  });
}

function command(name: string): Promise<CommandAnswer> {
  return handle.executeUpdate<CommandAnswer, []>(name);
}

function replicator(...args: string[]): Promise<CliResult> {
  return cli([...args, '--config', stack.config], { TEMPORAL_ADDRESS: stack.temporal.address });
}

describe('R4: in the middle of copying, each message once and in order', () => {
  it(
    'the workflow is terminated and started again',
    async () => {
      await copying();
      await handle.terminate('a slip');
      await live.start();
      await expectExact();
    },
    LIMIT_MS,
  );

  it.each(FULL ? (['first', 'last'] as const) : (['first'] as const))(
    'the workflow is reset to its %s workflow task',
    async (which) => {
      await copying();
      const { runId } = await handle.describe();
      const { events } = await handle.fetchHistory();
      const tasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
      await handle.client.workflowService.resetWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId: handle.workflowId, runId },
        workflowTaskFinishEventId: tasks.at(which === 'first' ? 0 : -1)!.eventId!,
        reason: 'a slip',
        requestId: runId,
      });
      await expectExact();
    },
    LIMIT_MS,
  );

  it(
    'its pump is paused by `temporal activity pause`: status says so, and unpause lets it go on',
    async () => {
      await copying();
      const { raw } = await handle.describe();
      const [id] = (raw.pendingActivities ?? [])
        .map(({ activityId }) => activityId!)
        .filter((name) => name.startsWith('pump-'));
      const execution = { workflowId: handle.workflowId };
      const { workflowService } = handle.client;
      await workflowService.pauseActivity({ namespace: 'default', execution, id: id! });
      await eventually(20_000, async () => {
        const { stdout } = await replicator('status', live.name);
        return stdout.includes(`paused by Temporal: ${id}`);
      });
      const copied = await eventually(20_000, async () => {
        const before = await live.copied();
        return before === (await live.copied()) && before;
      });
      expect(copied).toBeLessThan(COUNT);
      await workflowService.unpauseActivity({ namespace: 'default', execution, id: id! });
      await expectExact();
    },
    LIMIT_MS,
  );
});

it(
  'R7: another task on the same topic is refused, whoever starts it, and copies nothing',
  async () => {
    await copying();
    const { client } = handle;
    const second = await client.start('replication', {
      taskQueue: 'replicator',
      workflowId: `${handle.workflowId}-too`,
      args: [{ source: 'east', destination: 'west', topics: ['anything', live.topic] }],
    });
    const failure = await second.result().then(
      () => undefined,
      (error: unknown) => (error as WorkflowFailedError).cause,
    );
    expect(failure).toMatchObject({ type: 'WrongInput' });
    expect(failure?.message).toContain(
      `topics[1]: topic ${live.topic} would reach west from east by a second way, beside ${live.name}`,
    );
    await expectExact();
  },
  LIMIT_MS,
);

it(
  'stop --retire leaves no group behind; a new start goes on behind the copies',
  async () => {
    await live.produce(mixedMessages({ count: 100, seed: 1, meanBytes: 100, large: 0, largestBytes: 0 }));
    await live.start();
    await live.reaches(100, 30_000);
    const group = flowGroup({ replication: live.name, source: 'east', destination: 'west' });
    const clusters = [stack.east, stack.west].map(({ name, nameServers }) =>
      openRemotingCluster({ name, nameServers }),
    );
    const known = () =>
      Promise.all(
        clusters.map(async ({ name, admin }) => {
          const queue = { topic: live.topic, broker: `${name}-a`, id: 0 };
          return await admin.committed(group, queue);
        }),
      );
    await eventually(20_000, async () => (await known()).every((offset) => offset !== undefined));
    const stopped = await replicator('stop', live.name, '--retire');
    expect(stopped).toMatchObject({ code: 0, stdout: `replication ${live.name}: STOPPED\n` });
    expect(await known()).toEqual([undefined, undefined]);
    for (const cluster of clusters) cluster.close();
    await live.produce(mixedMessages({ count: 100, seed: 2, meanBytes: 100, large: 0, largestBytes: 0 }));
    await live.start({ start: 'latest' });
    await live.reaches(200, 30_000);
    expect(await live.copied()).toBe(200);
  },
  LIMIT_MS,
);

it(
  'a topic that was deleted on both sides does not stand in the way of a move; a source that lacks it is not lost',
  async () => {
    const deleted = `${live.topic}-deleted`;
    const { admin } = clusters.east;
    await admin.putTopic(stack.east.brokerName, deleted, {
      ...{ readQueues: 1, writeQueues: 1, perm: 6, order: false, attributes: {} },
    });
    await eventually(30_000, async () => (await admin.topic(deleted)) !== undefined);
    await live.start({ topics: [live.topic, deleted] });
    await eventually(30_000, async () => (await live.status()).state === 'RUNNING');
    await Promise.all([deleteTopic(stack.east, deleted), deleteTopic(stack.west, deleted)]);
    const rehearse = async (mode: string) =>
      JSON.parse(
        (await replicator('failover', live.name, '--mode', mode, '--dry-run', '--json')).stdout,
      ) as FailoverResult;
    expect(await rehearse('switchover')).toMatchObject({
      outcome: 'dry-run',
      problems: [],
      warnings: [`topic ${deleted} is not on east any more: nothing of it moves`],
    });
    expect(await rehearse('failover')).toMatchObject({
      outcome: 'refused',
      problems: [expect.stringContaining('east is not lost')],
    });
  },
  LIMIT_MS,
);
