import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TransportError } from '../../../../src/transport/errors.ts';
import { checkBatch } from '../../../../src/transport/remoting/batch-limits.ts';
import { dispatchedUpTo } from '../../../../src/transport/remoting/dispatch-barrier.ts';
import { firstStoredAt } from '../../../../src/transport/remoting/first-stored-at.ts';
import { mostBytes } from '../../../../src/transport/remoting/flushed-bytes.ts';
import { pullAnswer } from '../../../../src/transport/remoting/source.ts';

describe('a pull that found nothing', () => {
  const answer = (code: number, offset: number, nextOffset: number) =>
    pullAnswer(offset, { code, records: Buffer.alloc(0), nextOffset, minOffset: 10, maxOffset: 20 }).kind;

  test.each([
    ['OFFSET_OVERFLOW_ONE', 19, 20, 20, 'nothing'],
    ['OFFSET_FOUND_NULL', 19, 12, 15, 'moved'],
    ['MESSAGE_WAS_REMOVING', 20, 12, 15, 'moved'],
    ['NO_MATCHED_MESSAGE: the broker would not hold a long poll', 20, 12, 12, 'moved'],
    ['OFFSET_TOO_SMALL', 21, 9, 10, 'moved'],
    ['OFFSET_OVERFLOW_BADLY', 21, 21, 20, 'moved'],
    ['OFFSET_OVERFLOW_BADLY of 4.4', 21, 21, 10, 'moved'],
    ['beyond the end, uncorrected by a slave', 20, 21, 21, 'moved'],
  ])('%s', (_, code, offset, nextOffset, kind) => {
    expect(answer(code, offset, nextOffset)).toBe(kind);
  });
});

/** MixAll.humanReadableByteCount(bytes, false) */
function humanReadable(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.floor(Math.log(bytes) / Math.log(1024));
  return `${(bytes / 1024 ** power).toFixed(1)} ${'KMGTPE'.charAt(power - 1)}iB`;
}

test('a figure for people stands for no more bytes than it is taken for', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.nat(1024), (bytes, factor) => {
      for (const real of [bytes, bytes * factor]) {
        const most = mostBytes(humanReadable(real))!;
        expect(most).toBeGreaterThanOrEqual(real);
        expect(most).toBeLessThanOrEqual(real < 1024 ? real : real * 1.1 + 1);
      }
    }),
  );
  expect(mostBytes('0 B')).toBe(0);
  expect(mostBytes('1,5 KiB')).toBe(Math.ceil(1.55 * 1024));
  for (const wrong of ['', '12', 'x B', '1.5 XiB']) expect(mostBytes(wrong)).toBeUndefined();
});

test('the barrier never lies beyond what was dispatched, whatever grows between the figures', () => {
  // A broker's log while an answer is put together: end, then flushed, then dispatched may each move on at every step.
  const steps = fc.array(fc.record({ written: fc.nat(50), flushed: fc.nat(80), dispatched: fc.nat(80) }), {
    minLength: 6,
    maxLength: 6,
  });
  fc.assert(
    fc.property(steps, fc.boolean(), (moves, syncFlush) => {
      const log = { end: 100, flushed: 60, dispatched: 30 };
      const states = moves.map(({ written, flushed, dispatched }) => {
        log.end += written;
        log.flushed = Math.min(log.end, log.flushed + flushed);
        log.dispatched = Math.min(syncFlush ? log.flushed : log.end, log.dispatched + dispatched);
        return { ...log };
      });
      // Each figure of an answer is read at another moment.
      const answer = (at: number) => ({
        end: states[at]!.end,
        behind: (syncFlush ? states[at + 1]!.flushed : states[at + 1]!.end) - states[at + 1]!.dispatched,
        unflushed: states[at + 2]!.end - states[at + 2]!.flushed,
      });
      expect(dispatchedUpTo(answer(0), answer(3), syncFlush)).toBeLessThanOrEqual(states[4]!.dispatched);
      // At rest it says that everything is dispatched.
      const rest = { end: 500, behind: 0, unflushed: 0 };
      expect(dispatchedUpTo(rest, rest, syncFlush)).toBe(500);
    }),
  );
});

test('the first message at or after a time is found from any hint', async () => {
  const times = fc.array(fc.nat(30), { maxLength: 40 }).map((list) => list.sort((a, b) => a - b));
  await fc.assert(
    fc.asyncProperty(
      times,
      fc.nat(5),
      fc.integer({ min: -2, max: 33 }),
      fc.nat(50),
      async (stored, min, time, hint) => {
        let pulls = 0;
        const range = { min, max: min + stored.length };
        const reader = {
          range: () => Promise.resolve(range),
          pull: (_: unknown, { offset }: { offset: number }) => {
            pulls++;
            const records = record(stored[offset - min]!);
            return Promise.resolve({ kind: 'messages' as const, records, nextOffset: offset + 1, range });
          },
        };
        const first = stored.findIndex((storeTime) => storeTime >= time);
        const expected = first < 0 ? range.max : min + first;
        expect(await firstStoredAt(reader, { topic: 't', broker: 'b', id: 0 }, time, hint)).toBe(expected);
        expect(pulls).toBeLessThanOrEqual(10);
        pulls = 0;
        await firstStoredAt(reader, { topic: 't', broker: 'b', id: 0 }, time, expected);
        expect(pulls).toBeLessThanOrEqual(2);
      },
    ),
  );
});

/** A stored message that matters for its store timestamp only. */
function record(storeTimestamp: number): Buffer {
  const bytes = Buffer.alloc(91);
  bytes.writeInt32BE(bytes.length, 0);
  bytes.writeInt32BE(-626843481, 4);
  bytes.writeBigInt64BE(BigInt(storeTimestamp), 56);
  return bytes;
}

test('a batch is held back exactly from the size on that the broker refuses', () => {
  const limits = { maxBytes: 1_000, bytesPerMessage: 100 };
  const batch = { sysFlag: 0, bornTimestamp: 0, parts: [], bytes: 800, messages: 2 };
  checkBatch('b', limits, batch);
  const refusal = (tooLarge: typeof batch) => {
    try {
      checkBatch('b', limits, tooLarge);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  for (const tooLarge of [
    { ...batch, bytes: 801 },
    { ...batch, messages: 3 },
  ]) {
    expect(refusal(tooLarge)).toBeInstanceOf(TransportError);
    expect(refusal(tooLarge)).toMatchObject({ refusedForGood: true, retryable: false });
  }
});
