import { expect, test } from 'vitest';
import { findLostGroups, type LostGroupsOptions } from '../../../src/groups/lost-groups.ts';
import type { GroupProgress } from '../../../src/replication/group-progress.ts';
import { clusterWithGroups } from '../../support/fake-groups.ts';

const AT = '2026-01-01T00:00:00.000Z';
const QUEUE = { topic: 'orders', broker: 'east-a', queue: 0, to: { broker: 'west-a', queue: 0 } };
const UNRELATED = 'it has committed nothing yet for the topics of this replication';

function told(group: string, more: Partial<GroupProgress> = {}): GroupProgress {
  return { group, syncedAt: AT, queues: [QUEUE], ...more };
}

const WEST = clusterWithGroups('west', {
  billing: { offsets: { orders: [3, 4] } },
  late: { offsets: { orders: [1] } },
  off: { offsets: { orders: [1] } },
  fenced: { offsets: { orders: [1] } },
  // of the destination alone, and the shadow of another replication
  local: { offsets: { orders: [7] } },
  shadow: { offsets: { parcels: [7] } },
  named: {},
});

const TOLD = {
  at: AT,
  groups: [
    told('billing'),
    told('late', { problem: 'it is online there' }),
    told('off', { disabled: true }),
    told('fenced', { disabled: true }),
    { group: 'shadow', problem: UNRELATED, queues: [] },
  ],
  more: { groups: 0, queues: 0 },
  fenced: ['fenced'],
};

function find(options: Partial<LostGroupsOptions> = {}) {
  return findLostGroups({
    ...{ source: 'east', destination: WEST, brokers: ['west-a'], topics: ['orders'], groups: ['*', 'named'] },
    ...{ told: TOLD, ...options },
  });
}

test("those that the sync has seen consume the topics go on; another replication's, and the destination's own, stay as they are", async () => {
  const { groups, warnings } = await find({ groups: ['*'] });
  expect(groups).toEqual([
    { group: 'billing', syncedAt: AT },
    { group: 'fenced', syncedAt: AT },
    { group: 'late', syncedAt: AT },
    { group: 'off', syncedAt: AT, disabled: true },
  ]);
  expect(warnings).toEqual([
    'group late was not in step with east: it is online there; on west it goes on where it stands',
  ]);
});

test('one that is named goes on in any case, and who does not begin where it stood is told', async () => {
  const { groups, warnings } = await find({ groups: ['named', 'absent'] });
  expect(groups).toEqual([{ group: 'named' }]);
  expect(warnings).toEqual([
    'group absent does not exist on west: its consumers begin where they choose',
    'it is not known when group named was in step with east last; on west it has no place there, and begins where its consumers choose',
  ]);
});

test('where not everything was told, a place in the topics shows whose groups they are', async () => {
  for (const nothing of [
    { groups: [], more: { groups: 0, queues: 0 } },
    { at: AT, groups: [], more: { groups: 5, queues: 0 } },
  ]) {
    const { groups, warnings } = await find({ groups: ['*'], told: nothing });
    expect(groups.map(({ group }) => group)).toEqual(['billing', 'fenced', 'late', 'local', 'off']);
    expect(warnings).toHaveLength(5);
  }
});

test('those that are left out and consume nothing there are named, with how to enable them', async () => {
  const destination = clusterWithGroups('west', {
    billing: { offsets: { orders: [3, 4] }, isDisabled: true },
    // it began right before the loss, or has nothing to do with the topics
    fresh: { isDisabled: true },
    shadow: { offsets: { parcels: [7] }, isDisabled: true },
    local: { offsets: { orders: [7] } },
  });
  const { groups, warnings } = await find({ destination, groups: ['*'] });
  expect(groups.map(({ group }) => group)).toEqual(['billing']);
  expect(warnings).toEqual([
    expect.stringMatching(/west.*: fresh, shadow; .*updateSubGroup -b MASTER -g GROUP -s true/),
  ]);
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`g${index}`, { isDisabled: true }]));
  const [warning] = (await find({ destination: clusterWithGroups('west', many), groups: ['*'] })).warnings;
  expect(warning).toContain(' and 10 more; ');
});
