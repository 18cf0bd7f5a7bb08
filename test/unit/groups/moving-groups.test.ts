import { expect, test } from 'vitest';
import { wouldMove } from '../../../src/groups/moving-groups.ts';
import { clusterWithGroups } from '../../support/fake-groups.ts';

const ORDERS = { isBroadcasting: false, topics: ['orders'] };

test("only groups that consume the topics, or that are named, are a move's; those of other applications that a pattern matches are not", async () => {
  const source = clusterWithGroups('west', {
    billing: { offsets: { orders: [3, 4], audit: [1] } },
    waiting: { subscribes: ORDERS },
    shouting: { offsets: { orders: [1] }, subscribes: { ...ORDERS, isBroadcasting: true } },
    shipping: { offsets: { parcels: [9] }, subscribes: { ...ORDERS, topics: ['parcels'] } },
    later: {},
    idle: {},
  });
  const options = { source, destination: clusterWithGroups('east', {}), sourceBrokers: ['west-a'], topics: ['orders'] };
  expect(await wouldMove({ ...options, groups: ['*', 'later', 'nobody'] })).toEqual(['billing', 'later', 'waiting']);
  expect(await wouldMove({ ...options, groups: [] })).toEqual([]);
});
