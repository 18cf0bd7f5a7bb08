import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Annotator } from '../../../src/pump/annotate.ts';
import { CopyMatcher, NO_COPY } from '../../../src/pump/copy-matcher.ts';
import { MessageCursor } from '../../../src/transport/message.ts';
import { decodeBatch, readProperties, storedRecord, wireProperties } from '../../support/records.ts';

const TOPIC = '%RETRY%billing';

interface Waiting {
  readonly reconsumeTimes: number;
  readonly properties: Readonly<Record<string, string>>;
}

function stored({ reconsumeTimes, properties }: Waiting): MessageCursor {
  const cursor = new MessageCursor(
    storedRecord({ reconsumeTimes, queueOffset: 7, properties: wireProperties(properties) }),
  );
  cursor.next();
  return cursor;
}

/** As a broker stores it after the single send: tried as often. `undefined` where it is passed over. */
function copied(from: string, to: string, message: Waiting): Waiting | undefined {
  const source = { cluster: from, topic: TOPIC, broker: `${from}-a`, queue: 0, generation: 0 };
  const annotator = new Annotator(source, to, []);
  const cursor = stored(message);
  const target = Buffer.alloc(annotator.bound(cursor));
  if (annotator.write(cursor, target, cursor.bornTimestamp) !== 'written') return undefined;
  expect(annotator.position).toBeLessThanOrEqual(target.length);
  const [copy] = decodeBatch(target.subarray(0, annotator.position));
  return { ...message, properties: Object.fromEntries(readProperties(copy!.properties)) };
}

/** As a broker does where a consumer fails. */
function sentBack(message: Waiting): Waiting {
  return { ...message, reconsumeTimes: message.reconsumeTimes + 1 };
}

/** The place in `cluster` that it is a copy of; `NO_COPY` for any other message. */
function copyOf(cluster: string, message: Waiting): number {
  const source = { cluster, topic: TOPIC, broker: `${cluster}-a`, queue: 0, generation: 0 };
  return new CopyMatcher(source).sourceOffset(stored(message));
}

const FAILED = { reconsumeTimes: 1, properties: { RETRY_TOPIC: 'orders', UNIQ_KEY: 'A1', DELAY: '3', REAL_QID: '0' } };

describe('messages of retry topics', () => {
  test('R2: keep the topic that their listener expects, and lose what would delay them again', () => {
    expect(copied('east', 'west', FAILED)!.properties).toEqual({
      RETRY_TOPIC: 'orders',
      UNIQ_KEY: 'A1',
      REPL_FROM: '1:east:%RETRY%billing:0:0:7:east-a',
      REPL_ORIGIN: 'east',
      REPL_TRIES: '1',
    });
  });

  test('R4: a copy is told from what was sent back of it, however often', () => {
    const copy = copied('east', 'west', FAILED)!;
    expect(copyOf('east', copy)).toBe(7);
    const again = sentBack(copy);
    expect(copyOf('east', again)).toBe(NO_COPY);
    expect(copyOf('east', sentBack(again))).toBe(NO_COPY);
    // of the topic's own copy, which knows no tries
    const { REPL_TRIES, ...properties } = copy.properties;
    expect(REPL_TRIES).toBe('1');
    expect(copyOf('east', { ...copy, properties })).toBe(NO_COPY);
  });

  test('R7: a copy goes nowhere again where it was; what was sent back of it counts as first produced where that happened', () => {
    const copy = copied('east', 'west', FAILED)!;
    expect(copied('west', 'east', copy)).toBeUndefined();
    const back = copied('west', 'east', sentBack(copy))!;
    expect(back).toMatchObject({
      reconsumeTimes: 2,
      properties: { REPL_ORIGIN: 'west', REPL_TRIES: '2', REPL_FROM: '1:west:%RETRY%billing:0:0:7:west-a' },
    });
    expect(back.properties).not.toHaveProperty('REPL_PATH');
    expect(copied('east', 'west', back)).toBeUndefined();
    expect(copied('west', 'north', copy)!.properties).toMatchObject({ REPL_ORIGIN: 'east', REPL_PATH: 'east,west' });
  });

  test('R4, R7: between two clusters, whatever fails where: each failure is copied once to the other side', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('east', 'west'), { maxLength: 8 }), (failures) => {
        // where the message is now: the failed one itself, and its copy on the other side
        let on: Record<string, Waiting> = { east: FAILED, west: copied('east', 'west', FAILED)! };
        for (const here of failures) {
          const there = here === 'east' ? 'west' : 'east';
          const failed = sentBack(on[here]!);
          expect([copyOf(there, failed), copyOf(here, failed)]).toEqual([NO_COPY, NO_COPY]);
          const copy = copied(here, there, failed)!;
          expect(copyOf(here, copy)).toBe(7);
          expect(copied(there, here, copy)).toBeUndefined();
          on = { [here]: failed, [there]: copy };
        }
      }),
    );
  });
});
