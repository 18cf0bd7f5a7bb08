import { describe, expect, test } from 'vitest';
import { choosesGroup } from '../../../src/replication/group-choice.ts';
import { replicationInput } from '../../../src/replication/input.ts';

describe('which groups a replication copies the progress of', () => {
  test.each([
    ['billing', true],
    ['shipping-eu', true],
    ['shipping', false],
    ['other', false],
  ])('%s: %s', (name, chosen) => {
    expect(choosesGroup(['billing', 'shipping-*'], name)).toBe(chosen);
  });

  test.each([
    'REPLICATOR_orders_east_west',
    'CID_RMQ_SYS_TRANS',
    'CID_RMQ_SYS_REVIVE_GROUP',
    'CID_ONSAPI_PULL',
    'TOOLS_CONSUMER',
    '__MONITOR_CONSUMER',
  ])('never %s, whatever matches it', (name) => {
    expect(choosesGroup(['*', name], name)).toBe(false);
  });

  test('a group of RocketMQ itself cannot be named', () => {
    const input = { source: 'east', destination: 'west', topics: ['orders'], groups: ['CID_RMQ_SYS_TRANS'] };
    const { error } = replicationInput.safeParse(input);
    expect(error?.issues.map(({ path, message }) => [path, message])).toEqual([
      [['groups', 0], 'groups of RocketMQ itself cannot be replicated'],
    ]);
  });
});
