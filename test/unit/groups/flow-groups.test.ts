import { expect, test } from 'vitest';
import { FlowGroups } from '../../../src/groups/flow-groups.ts';
import type { GroupConfig } from '../../../src/transport/types.ts';
import { clusterWithGroups } from '../../support/fake-groups.ts';

test('no group is created by a sync that may not write any more: a move may have enabled it', async () => {
  const put: GroupConfig[] = [];
  const flow = () =>
    new FlowGroups({
      source: clusterWithGroups('east', { billing: {}, shipping: {} }),
      sourceBrokers: ['east-a'],
      destination: clusterWithGroups('west', {}, {}, (config) => put.push(config)),
      groups: ['*'],
    });
  await flow().current([]);
  let allowed = 1;
  const mayCreate = () => {
    if (allowed-- === 0) throw new Error('replaced');
  };
  await expect(flow().current([], mayCreate)).rejects.toThrow('replaced');
  expect(put).toEqual([{ groupName: 'billing', consumeEnable: false }]);
});
