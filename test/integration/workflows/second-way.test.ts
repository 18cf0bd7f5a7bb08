import type { WorkflowFailedError } from '@temporalio/client';
import { beforeAll, expect, test } from 'vitest';
import type { Prepared, PrepareInput } from '../../../src/replication/preparation.ts';
import { refuseSecondWay } from '../../../src/temporal/refuse-second-way.ts';
import { readRunStart, runningReplications } from '../../../src/temporal/running-replications.ts';
import { ApplicationFailure } from '@temporalio/common';
import { eventually } from '../../support/eventually.ts';
import { INPUT, MAP, type ReplicationUnderTest } from '../../support/replication-rig.ts';
import { useRig } from './rig.ts';

const stage = useRig();
/** Both looks of the activity, as far apart as preparing takes. */
let preparing: Promise<void> = Promise.resolve();

beforeAll(() => {
  stage.rig.prepare = async ({ replication, input }: PrepareInput): Promise<Prepared> => {
    const { client } = stage.temporal;
    const look = async () => {
      const start = await readRunStart(client, replication);
      await refuseSecondWay(client, { replication, ...input }, start?.startedAt).catch((error: unknown) => {
        throw ApplicationFailure.nonRetryable((error as Error).message, (error as Error).name);
      });
    };
    await look();
    await preparing;
    await look();
    return { map: MAP, starts: {} };
  };
});

async function begin(topic: string, change: object = {}): Promise<ReplicationUnderTest> {
  return await stage.rig.begin({ ...INPUT, topics: [topic], ...change });
}

async function refusal(replication: ReplicationUnderTest): Promise<Error> {
  return await replication.result().then(
    () => {
      throw new Error('it was not refused');
    },
    (error: unknown) => (error as WorkflowFailedError).cause!,
  );
}

async function running(topic: string, change: object = {}): Promise<ReplicationUnderTest> {
  const replication = await begin(topic, change);
  await replication.reaches('RUNNING');
  const names = async () => (await runningReplications(stage.temporal.client)).map((other) => other.replication);
  await eventually(10_000, async () => (await names()).includes(replication.name));
  return replication;
}

test('R7: another task on the same topic between the same pair is refused; the first goes on', async () => {
  const first = await running('twice');
  const failure = await refusal(await begin('twice'));
  expect(failure).toMatchObject({ type: 'WrongInput', nonRetryable: true });
  expect(failure.message).toContain(
    `topics[0]: topic twice would reach west from east by a second way, beside ${first.name}`,
  );
  await first.update('pause');
  expect((await refusal(await begin('twice'))).message, 'one that is paused may go on any time').toContain(first.name);
  expect((await first.update('resume')).done).toBe(true);
  await first.reaches('RUNNING');
  await first.update('stop');
  const successor = await running('twice');
  await successor.update('stop');
});

test('R7: a topic that would reach a cluster straight and over another one is refused', async () => {
  const over = [
    await running('over', { destination: 'north' }),
    await running('over', { source: 'north', destination: 'west' }),
  ];
  const { message } = await refusal(await begin('over'));
  expect(message).toContain('topic over would reach west from east by a second way, beside');
  for (const { name } of over) expect(message).toContain(name);
  const back = await running('over', { source: 'west', destination: 'east' });
  await Promise.all([...over, back].map((replication) => replication.update('stop')));
});

test('R7: of two that begin together at most one copies', async () => {
  let ready: () => void = () => undefined;
  preparing = new Promise((resolve) => {
    ready = resolve;
  });
  const both = [await begin('together'), await begin('together')];
  ready();
  const outcomes = await Promise.all(
    both.map((replication) => Promise.race([refusal(replication), replication.reaches('RUNNING')])),
  );
  const refused = outcomes.filter((outcome) => outcome instanceof Error);
  // where each sees the other, both are
  expect(refused.length).toBeGreaterThanOrEqual(1);
  for (const failure of refused) {
    expect(failure).toMatchObject({ type: 'WrongInput', nonRetryable: true });
    expect(failure.message).toContain('topic together would reach west from east by a second way, beside');
  }
  await Promise.allSettled(both.map((replication) => replication.update('stop')));
});
