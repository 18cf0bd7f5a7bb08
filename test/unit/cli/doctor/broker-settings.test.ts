import { describe, expect, it } from 'vitest';
import type { BrokerFacts } from '../../../../src/cli/doctor/broker-facts.ts';
import { checkDestination, checkSizes, settingsText } from '../../../../src/cli/doctor/broker-settings.ts';
import { replicationInput, type ReplicationConfig } from '../../../../src/replication/input.ts';

function facts(settings: Record<string, string>, version = 'V5_5_0'): BrokerFacts {
  return { name: 'west-a', version, settings: new Map(Object.entries(settings)) };
}

function input(change: Partial<ReplicationConfig> = {}) {
  return replicationInput.parse({ source: 'east', destination: 'west', topics: ['orders'], ...change });
}

it('says what is good to know', () => {
  expect(
    settingsText(facts({ fileReservedTime: '72', maxMessageSize: '4194304', autoCreateTopicEnable: 'true' })),
  ).toBe('keeps messages for 72 h, takes up to 4,194,304 bytes, autoCreateTopicEnable true');
});

describe('a destination broker', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['a transient store pool', { transientStorePoolEnable: 'true' }, /transientStorePoolEnable=true/],
    ['duplication', { duplicationEnable: 'true' }, /duplicationEnable=true/],
    ['consume queues in RocksDB', { storeType: 'defaultRocksDB' }, /consume queues in RocksDB/],
    [
      'consume queues in RocksDB beside files',
      { storeType: 'combine', combineCQPreferCQType: 'defaultRocksDB' },
      /consume queues in RocksDB/,
    ],
    [
      'a controller and slow replicas',
      { enableControllerMode: 'true', allAckInSyncStateSet: 'true' },
      /controller mode with allAckInSyncStateSet=true/,
    ],
  ])('with %s is warned of: read-back is not conclusive', (_, settings, text) => {
    expect(checkDestination('replication orders', facts(settings), input())).toEqual([
      { result: 'WARN', about: 'replication orders', text: expect.stringMatching(text) as string },
    ]);
  });

  it('with usual settings is fine', () => {
    const usual = {
      storeType: 'default',
      combineCQPreferCQType: 'default',
      transientStorePoolEnable: 'false',
      enableControllerMode: 'true',
    };
    expect(checkDestination('r', facts(usual), input())).toEqual([]);
  });

  it('needs the property filter only where copies carry tags', () => {
    const off = facts({ enablePropertyFilter: 'false' });
    expect(checkDestination('r', off, input())).toEqual([]);
    expect(checkDestination('r', off, input({ tags: [{ key: 'k', value: 'v' }] }))).toMatchObject([
      { result: 'WARN', text: expect.stringContaining('enablePropertyFilter=false') as string },
    ]);
  });

  it('that takes no messages is a failure', () => {
    expect(checkDestination('r', facts({ brokerPermission: '4' }), input())).toMatchObject([{ result: 'FAIL' }]);
  });
});

describe('sizes', () => {
  const size = (bytes: number, version?: string) => [facts({ maxMessageSize: String(bytes) }, version)];

  it('a destination that takes less than the source is warned of, with the size to set', () => {
    expect(checkSizes('r', input(), size(4_000_000), size(1_000_000))).toMatchObject([
      {
        result: 'WARN',
        text: expect.stringMatching(
          /east takes messages of 4,000,000 bytes, west of 1,000,000.* to 4,000,800 /,
        ) as string,
      },
    ]);
  });

  it('equal ones are fine, and the little that does not fit is told', () => {
    const [finding] = checkSizes('r', input(), size(4_194_304), size(4_194_304));
    expect(finding).toMatchObject({ result: 'OK', text: expect.stringContaining('blocks its queue') as string });
  });

  it('room for provenance, tags and what a 4.x broker counts is needed', () => {
    const tagged = input({ tags: [{ key: 'region', value: 'east' }] });
    const fits = (to: number, version?: string) =>
      !checkSizes('r', tagged, size(1000), size(to, version))[0]!.text.includes('blocks');
    expect([fits(1811), fits(1812), fits(1812, 'V4_4_0'), fits(2032, 'V4_4_0')]).toEqual([false, true, false, true]);
  });

  it('nothing is said of clusters that did not answer', () => {
    expect(checkSizes('r', input(), [], size(1))).toEqual([]);
  });
});
