import { expect, test } from 'vitest';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import { PullAhead } from '../../../src/pump/pull-ahead.ts';
import { PullSize } from '../../../src/pump/pull-size.ts';
import { FakeReader } from '../../support/fake-reader.ts';
import { storedRecord } from '../../support/records.ts';

/** A broker that gives so many messages, and so many bytes, at most. Returns how much each of so many pulls was asked and given. */
function pull(size: PullSize, pulls: number, broker: { messages?: number; bytes?: number; messageBytes: number }) {
  const { messages = Infinity, bytes = Infinity, messageBytes } = broker;
  return Array.from({ length: pulls }, () => {
    const tried = size.mayTry;
    if (tried) size.trying();
    const asked = (tried ? 2 : 1) * size.messages;
    const given = Math.min(asked, messages, Math.max(1, Math.floor(bytes / messageBytes)));
    size.learn(asked, given, given * messageBytes, tried);
    return { asked, given };
  });
}

test('grows to 1,024 messages where the broker gives them, and to no more', () => {
  const size = new PullSize();
  pull(size, 50, { messageBytes: 100 });
  expect(size.messages).toBe(1024);
  expect(pull(size, 10_000, { messageBytes: 100 }).every(({ asked }) => asked === 1024)).toBe(true);
});

test('grows to some 1 MiB, and to no more', () => {
  const size = new PullSize();
  const asked = pull(size, 200, { messageBytes: 10_000 }).map((each) => each.asked * 10_000);
  expect(Math.max(...asked)).toBeLessThanOrEqual(1024 * 1024);
  expect(size.messages * 10_000).toBeGreaterThan(512 * 1024);
});

test('a broker that gives 32 is asked for more ever more seldom', () => {
  const size = new PullSize();
  const asks = pull(size, 20_000, { messages: 32, messageBytes: 100 });
  expect(asks.filter(({ asked, given }) => asked > given).length).toBeLessThan(15);
  expect(size.messages).toBe(32);
});

test('finds out what a broker gives that stops at a number of bytes', () => {
  const size = new PullSize();
  pull(size, 100, { bytes: 262_144, messageBytes: 17_000 });
  expect(size.messages).toBe(15);
  expect(size.bytes).toBeGreaterThanOrEqual(15 * 17_000);
  pull(size, 100, { bytes: 262_144, messageBytes: 40_000 });
  expect(size.messages).toBe(6);
  pull(size, 100, { bytes: 262_144, messageBytes: 5_000 });
  expect(size.messages).toBe(52);
});

test('is soon back where a single answer was short, as at the end of a file', () => {
  const size = new PullSize();
  pull(size, 100, { messages: 600, messageBytes: 100 });
  expect(size.messages).toBe(600);
  size.learn(600, 3, 300, false);
  expect(size.messages).toBe(3);
  pull(size, 60, { messages: 600, messageBytes: 100 });
  expect(size.messages).toBe(600);
});

test('one message that is larger than what a broker gives at once comes alone', () => {
  const size = new PullSize();
  pull(size, 10, { bytes: 262_144, messageBytes: 4_000_000 });
  expect(size.messages).toBe(1);
  expect(size.bytes).toBe(4_000_000);
});

/** How many messages each pull asked for that read so many of a broker that gives `most` at once. */
async function asksOf(messages: number, most: number): Promise<number[]> {
  const reader = new FakeReader({ most });
  for (let queueOffset = 0; queueOffset < messages; queueOffset++) reader.append(storedRecord({ queueOffset }));
  const queue = { topic: 't', broker: 'b', id: 0 };
  const reading = new PullAhead({ reader, queue, from: 0, until: messages, budget: new ByteBudget(1e9) });
  let next = 0;
  for (let answer = await reading.take(); answer; answer = await reading.take()) next = answer.nextOffset;
  reading.close();
  expect(next).toBe(messages);
  return reader.requests.map(({ maxMessages }) => maxMessages);
}

test('reading ahead asks for 1,024 messages at once where the broker gives them', async () => {
  const asks = await asksOf(40_000, 4000);
  expect(asks.slice(-10, -1)).toEqual(Array.from({ length: 9 }, () => 1024));
  expect(asks.length).toBeLessThan(150);
});

test('reading ahead seldom waits for the rest of an answer that would have been larger than usual', async () => {
  const asks = await asksOf(60_000, 32);
  const larger = asks.filter((asked) => asked > 32).length;
  expect(larger).toBeGreaterThan(0);
  expect(larger).toBeLessThan(12);
  expect(asks).toHaveLength(60_000 / 32);
});
