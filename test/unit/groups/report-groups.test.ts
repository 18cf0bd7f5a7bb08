import { expect, test } from 'vitest';
import type { GroupLook } from '../../../src/groups/group-look.ts';
import { describeGroups } from '../../../src/groups/report-groups.ts';
import type { Cluster } from '../../../src/transport/types.ts';

function clusterOf(end: number | Error): Cluster {
  const range = () => (typeof end === 'number' ? Promise.resolve({ min: 0, max: end }) : Promise.reject(end));
  return { admin: { range } } as unknown as Cluster;
}

function look(group: string, problem?: string): GroupLook {
  const slot = (queue: number) => ({
    to: { topic: 'orders', broker: 'west-a', id: queue },
    rows: [
      {
        queue: { topic: 'orders', from: { broker: 'east-a', queue }, to: { broker: 'west-a', queue }, remapped: false },
        source: 10,
      },
    ],
    translated: 12,
    repeated: queue,
    isAhead: false,
    destination: 11,
  });
  const retries = [{ queue: { topic: `%RETRY%${group}`, broker: 'east-a', id: 0 }, offset: 23, isMissed: false }];
  return {
    group,
    slots: [slot(0), slot(1)],
    retries,
    isDisabled: group === 'off',
    ...(problem !== undefined && { problem }),
  };
}

const CLUSTERS = { source: clusterOf(30), destination: clusterOf(40) };

test('both offsets, both lags, the translation, and when a group was in step', async () => {
  const { groups, more } = await describeGroups([look('a')], new Map([['a', 'then']]), CLUSTERS, {
    groups: 9,
    queues: 9,
  });
  expect(more).toEqual({ groups: 0, queues: 0 });
  const row = { topic: 'orders', broker: 'east-a', source: 10, sourceLag: 20, translated: 12 };
  expect(groups).toEqual([
    {
      group: 'a',
      syncedAt: 'then',
      retries: 7,
      queues: [0, 1].map((queue) => ({
        ...{ ...row, queue, to: { broker: 'west-a', queue } },
        ...{ destination: 11, destinationLag: 29 },
        ...(queue > 0 && { repeated: queue }),
      })),
    },
  ]);
});

test('groups in trouble come first, then those that are disabled; what is too much is counted', async () => {
  const looks = [look('a'), look('b'), look('off'), look('c', 'it is online')];
  const { groups, more } = await describeGroups(looks, new Map(), CLUSTERS, { groups: 2, queues: 3 });
  expect(groups.map(({ group, queues, problem, disabled }) => [group, queues.length, problem, disabled])).toEqual([
    ['c', 2, 'it is online', undefined],
    ['off', 1, undefined, true],
  ]);
  expect(more).toEqual({ groups: 2, queues: 1 });
});

test('of each group that consumes the topics at least one queue is told', async () => {
  const looks = [look('a', 'it is online'), look('b', 'it is online'), look('c')];
  const { groups, more } = await describeGroups(looks, new Map(), CLUSTERS, { groups: 3, queues: 4 });
  expect(groups.map(({ queues }) => queues.length)).toEqual([2, 1, 1]);
  expect(more).toEqual({ groups: 0, queues: 2 });
});

test('there are no lags while a cluster does not answer, but everything else', async () => {
  const clusters = { source: clusterOf(new Error('away')), destination: clusterOf(40) };
  const { groups } = await describeGroups([look('a')], new Map(), clusters, { groups: 1, queues: 1 });
  expect(groups[0]!.queues[0]).toMatchObject({ source: 10, destination: 11, destinationLag: 29 });
  expect(groups[0]!.queues[0]).not.toHaveProperty('sourceLag');
  expect(groups[0]).not.toHaveProperty('retries');
});
