import { expect, test } from 'vitest';
import { beyondEnds } from '../../../src/groups/beyond-ends.ts';
import { readEnds } from '../../../src/failover/cut.ts';
import { clusterWithGroups } from '../../support/fake-groups.ts';

test('R10: a group that has committed more than a queue holds is told before a move, with what to do', async () => {
  const groups = {
    billing: { offsets: { orders: [10, 4] } },
    stale: { offsets: { orders: [11, 90], '%RETRY%stale': [8], parcels: [99] } },
    other: { offsets: { orders: [99, 99] } },
  };
  const source = clusterWithGroups('east', groups, { orders: [10, 5], '%RETRY%stale': [7] });
  const beyond = (...names: string[]) =>
    beyondEnds(source, ['east-a'], names, () => readEnds(source, ['orders', '%RETRY%stale']));
  expect(await beyond('billing', 'stale')).toEqual([
    expect.stringMatching(
      /^group stale stands at 11 in queue 0 of orders on east-a of east, which ends at 10, and so in 2 more queues: .*resetOffsetByTime -g stale -t orders/,
    ),
  ]);
  expect(await beyond('billing')).toEqual([]);
});
