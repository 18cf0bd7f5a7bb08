import { describe, expect, it } from 'vitest';
import {
  digestOf,
  doneEntry,
  quarantinedEntry,
  readEntry,
  refusedEntry,
  sendingEntry,
} from '../../../../src/pump/quarantine/entry.ts';
import { OpenEntries } from '../../../../src/pump/quarantine/open-entries.ts';
import type { SourcePlace } from '../../../../src/replication/provenance.ts';
import { MessageCursor } from '../../../../src/transport/message.ts';
import type { Batch } from '../../../../src/transport/types.ts';
import { decodeBatch, readProperties, storedRecord } from '../../../support/records.ts';

const RECORD = storedRecord({ queueOffset: 7, body: Buffer.from('a message') });
const TO = { topic: 'orders', broker: 'west-a', id: 3 };

function place(offset: number, topic = 'orders'): SourcePlace {
  return { source: { cluster: 'east', topic, broker: 'east:a', queue: 2, generation: 1 }, offset };
}

/** As a broker stores it and gives it back. */
function stored(entry: Batch, queueOffset = 0): MessageCursor {
  const [message, ...others] = decodeBatch(Buffer.concat(entry.parts));
  expect(others).toEqual([]);
  const cursor = new MessageCursor(storedRecord({ ...message!, queueOffset }));
  expect(cursor.next()).toBe(true);
  return cursor;
}

describe('an entry of the quarantine', () => {
  it('holds the record as it was, its place, why, and the topic as key', () => {
    const entry = quarantinedEntry(place(7), 'too\u0001large\u0002', RECORD, true);
    const { body, properties } = decodeBatch(Buffer.concat(entry.parts))[0]!;
    expect(body.equals(RECORD)).toBe(true);
    expect(readProperties(properties)).toEqual([
      ['KEYS', 'orders'],
      ['REPL_QUARANTINED', '1:east:orders:2:1:7:east:a'],
      ['REPL_REASON', 'too large '],
      ['REPL_DIGEST', digestOf(RECORD)],
    ]);
  });

  it.each([
    [quarantinedEntry(place(7), 'x', RECORD, true), { kind: 'quarantined', digest: digestOf(RECORD), hasRecord: true }],
    [
      quarantinedEntry(place(7), 'x', RECORD, false),
      { kind: 'quarantined', digest: digestOf(RECORD), hasRecord: false },
    ],
    [sendingEntry(place(7), TO, 12), { kind: 'sending', to: TO, offset: 12 }],
    [refusedEntry(place(7)), { kind: 'refused' }],
    [doneEntry(place(7), 'run/redrive-1'), { kind: 'done', by: 'run/redrive-1' }],
  ])('reads back what was written', (entry, expected) => {
    expect(readEntry(stored(entry))).toEqual({ place: place(7), ...expected });
  });

  it('is not what somebody else wrote', () => {
    const properties = Buffer.from(
      'KEYS\u0001orders\u0002REPL_REDRIVE\u00011:e:o:0:0:5:a\u0002REPL_STEP\u0001later\u0002',
    );
    for (const message of [{}, { properties }]) {
      const cursor = new MessageCursor(storedRecord(message));
      cursor.next();
      expect(readEntry(cursor)).toBeUndefined();
    }
  });
});

describe('R9: open entries', () => {
  function read(...entries: readonly Batch[]): OpenEntries {
    const open = new OpenEntries(({ source }) => source.topic === 'orders', 'mine');
    for (const [index, entry] of entries.entries()) open.add('west-a', stored(entry, index));
    return open;
  }
  const aside = (offset: number, topic?: string) => quarantinedEntry(place(offset, topic), 'x', RECORD, false);

  it('are those of the topic, once each, in their order', () => {
    const open = read(aside(5), aside(5, 'payments'), aside(9), aside(5));
    expect([...open.byPlace.values()].map(({ place: { offset }, at }) => [offset, at])).toEqual([
      [5, 0],
      [9, 2],
    ]);
  });

  it('end with what is done, also where a late writer puts them in again; what this redrive did counts', () => {
    const open = read(aside(5), aside(9), doneEntry(place(5), 'mine'), doneEntry(place(9), 'other'), aside(5));
    expect(open.byPlace.size).toBe(0);
    expect(open.redriven).toBe(1);
  });

  it('know from where on a copy may lie that nobody heard of: from the first try on that was not refused', () => {
    const tried = (offset: number) => sendingEntry(place(5), TO, offset);
    const sent = (...entries: Batch[]) => [...read(aside(5), ...entries).byPlace.values()][0]!.sent;
    expect(sent()).toBeUndefined();
    expect(sent(tried(12), tried(20))).toEqual({ to: TO, offset: 12 });
    expect(sent(tried(12), refusedEntry(place(5)))).toBeUndefined();
    expect(sent(tried(12), refusedEntry(place(5)), tried(20))).toEqual({ to: TO, offset: 20 });
  });

  it('are worked on in parts', () => {
    const asides = Array.from({ length: 10_002 }, (_, offset) => stored(aside(offset)));
    const done = stored(doneEntry(place(3), 'other'));
    const first = new OpenEntries(() => true, 'mine');
    for (const entry of [...asides, done]) first.add('west-a', entry);
    expect(first.more).toBe(true);
    const second = first.again();
    for (const entry of [...asides, done]) second.add('west-a', entry);
    expect([...second.byPlace.values()].map(({ place: { offset } }) => offset)).toEqual(
      Array.from({ length: 10_001 }, (_, offset) => offset).filter((offset) => offset !== 3),
    );
    expect(second.more).toBe(true);
  });
});
