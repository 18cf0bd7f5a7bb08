import fc from 'fast-check';
import { expect, test } from 'vitest';
import { choosesTopic, choosingPattern, commonName, matches } from '../../../src/replication/topic-pattern.ts';

const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });

/** The same by a regular expression, which may take for ever on long patterns. */
function matchesByRegExp(text: string, topic: string): boolean {
  return new RegExp(`^${text.replaceAll('*', '.*')}$`).test(topic);
}

test('a pattern matches as `*` for any text says', () => {
  fc.assert(
    fc.property(pattern, name, (text, topic) => {
      expect(matches(text, topic)).toBe(matchesByRegExp(text, topic));
    }),
    { numRuns: 2000 },
  );
  expect(matches('a'.repeat(60) + '*a'.repeat(30) + 'b', 'a'.repeat(127))).toBe(false);
});

test('patterns meet in a name that both match, or nowhere', () => {
  fc.assert(
    fc.property(pattern, pattern, name, (one, other, topic) => {
      const common = commonName(one, other);
      if (common === undefined) expect(matches(one, topic) && matches(other, topic)).toBe(false);
      else expect([matches(one, common), matches(other, common)]).toEqual([true, true]);
    }),
    { numRuns: 2000 },
  );
});

test('patterns leave out what is excluded, and what RocketMQ and the replicator made for themselves', () => {
  const choice = { topics: ['orders', '%RETRY%billing', 'pay-*', '*'], exclude: ['*-test', 'orders-old'] };
  expect(choosingPattern(choice, 'pay-eu')).toBe('pay-*');
  expect(choosingPattern(choice, 'invoices')).toBe('*');
  for (const topic of [
    ...['pay-test', 'orders-old', 'REPLICATOR_STATE', '%RETRY%g', '%DLQ%g', '%LMQ%x', 'rmq_sys_wheel_timer'],
    ...['RMQ_SYS_TRANS_HALF_TOPIC', 'SCHEDULE_TOPIC_XXXX', 'TBW102', 'BenchmarkTest', 'OFFSET_MOVED_EVENT'],
    'DefaultHeartBeatSyncerTopic',
  ])
    expect(choosesTopic(choice, topic), topic).toBe(false);
  expect(choosesTopic(choice, '%RETRY%billing')).toBe(true);
  expect(choosesTopic({ topics: ['orders-old'], exclude: ['orders*'] }, 'orders-old')).toBe(true);
});
