import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CLUSTER_NAME,
  flowGroup,
  GROUP_NAME,
  isOwnName,
  REPLICATION_NAME,
  workflowId,
} from '../../../src/replication/names.ts';

const flow = fc.record({
  replication: fc.stringMatching(REPLICATION_NAME),
  source: fc.stringMatching(CLUSTER_NAME),
  destination: fc.stringMatching(CLUSTER_NAME),
});

test('R5: the group of a flow is legal, ours, and no other flow has it', () => {
  fc.assert(
    fc.property(flow, flow, (one, other) => {
      const group = flowGroup(one);
      expect(group).toMatch(GROUP_NAME);
      expect(isOwnName(group)).toBe(true);
      expect(group === flowGroup(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
  );
});

test('a workflow is named after its replication', () => {
  expect(workflowId('orders')).toBe('replication/orders');
});
