import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteBudget } from '../../../../src/pump/byte-budget.ts';
import { quarantinedEntry, quarantineQueue } from '../../../../src/pump/quarantine/entry.ts';
import { Redriver } from '../../../../src/pump/quarantine/redriver.ts';
import { placeText, type SourcePlace } from '../../../../src/replication/provenance.ts';
import type { RedriveResult } from '../../../../src/replication/messages.ts';
import { MessageCursor } from '../../../../src/transport/message.ts';
import type { Destination, OffsetSource, Queue } from '../../../../src/transport/types.ts';
import { FakeDestination, type SendFate } from '../../../support/fake-destination.ts';
import { FakeReader } from '../../../support/fake-reader.ts';
import { readProperties, storedRecord, wireProperties } from '../../../support/records.ts';

const TO: Queue = { topic: 'orders', broker: 'west-a', id: 2 };
const QUEUES = [
  { topic: 'orders', from: { broker: 'east-a', queue: 0 }, to: { broker: 'west-a', queue: 2 }, count: 1 },
];
const OURS = quarantineQueue('west-a');

function place(offset: number): SourcePlace {
  return { source: { cluster: 'east', topic: 'orders', broker: 'east-a', queue: 0, generation: 0 }, offset };
}

class Rig {
  readonly west = new FakeDestination();
  readonly #east = new FakeReader();

  constructor(messages: number) {
    for (let offset = 0; offset < messages; offset++) this.#east.append(Rig.record(offset));
  }

  static record(offset: number, body = `message ${offset}`): Buffer {
    return storedRecord({
      queueOffset: offset,
      body: Buffer.from(body),
      properties: wireProperties({ SEQ: `${offset}` }),
    });
  }

  async setAside(offset: number, withRecord: boolean): Promise<void> {
    await this.west.send(OURS, quarantinedEntry(place(offset), 'too large', Rig.record(offset), withRecord));
  }

  async attempt(redrive = 'redrive-1'): Promise<RedriveResult> {
    const redriver = new Redriver({
      input: { replication: 'r', source: 'east', destination: 'west', queues: QUEUES, tags: [] },
      source: this.#east as unknown as OffsetSource,
      destination: this.west as unknown as Destination,
      redrive,
      budget: new ByteBudget(1e9),
      signal: new AbortController().signal,
      mayWrite: () => true,
      onProgress: () => undefined,
    });
    return await redriver.run(['west-a']);
  }

  /** As a worker does it: again, until it gets through. */
  async untilDone(redrive?: string): Promise<RedriveResult> {
    for (;;) {
      const result = await this.attempt(redrive).catch(() => undefined);
      if (result) return result;
    }
  }

  /** Places and bodies of the redriven messages in the destination queue. */
  async copies(): Promise<[place: string, body: string][]> {
    const { max } = await this.west.range(TO);
    const copies: [string, string][] = [];
    for (let offset = 0; offset < max; offset++) {
      const message = new MessageCursor((await this.west.pull(TO, { offset, maxMessages: 1, waitMs: 0 })).records);
      message.next();
      const { records, bodyStart, bodyEnd, propertiesStart, propertiesEnd } = message;
      const properties = new Map(readProperties(records.subarray(propertiesStart, propertiesEnd)));
      expect(properties.has('REPL_FROM')).toBe(false);
      copies.push([properties.get('REPL_REDRIVEN')!, records.toString('latin1', bodyStart, bodyEnd)]);
    }
    return copies;
  }
}

describe('R9: redriving', () => {
  it('copies each message once, whichever answers are lost and however often it is asked for', async () => {
    const fates = fc.array(fc.constantFrom<SendFate>('answered', 'answered', 'stored', 'lost'), { maxLength: 60 });
    const asides = fc.array(fc.record({ offset: fc.nat(9), withRecord: fc.boolean() }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fates, asides, async (fate, aside) => {
        const rig = new Rig(10);
        for (const { offset, withRecord } of aside) await rig.setAside(offset, withRecord);
        const fatesLeft = [...fate];
        rig.west.fate = () => fatesLeft.shift() ?? 'answered';
        const offsets = [...new Set(aside.map(({ offset }) => offset))];
        const done = { refusedAgain: 0, missing: 0, more: false };
        expect(await rig.untilDone()).toEqual({ ...done, redriven: offsets.length });
        const copies = offsets.map((offset) => [placeText(place(offset)), `message ${offset}`]);
        expect(await rig.copies()).toEqual(copies);
        expect(await rig.untilDone('redrive-2')).toEqual({ ...done, redriven: 0 });
        expect(await rig.copies()).toEqual(copies);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves what is still too large, and copies it once it is not', async () => {
    const rig = new Rig(2);
    await rig.setAside(0, true);
    await rig.setAside(1, false);
    rig.west.maxBytes = 20;
    expect(await rig.attempt()).toEqual({ redriven: 0, refusedAgain: 2, missing: 0, more: false });
    rig.west.maxBytes = Infinity;
    expect(await rig.attempt()).toEqual({ redriven: 2, refusedAgain: 0, missing: 0, more: false });
  });

  it('takes the message from its entry, and none that only stands in its place', async () => {
    const rig = new Rig(1);
    const other = Rig.record(0, 'what stood there before');
    await rig.west.send(OURS, quarantinedEntry(place(0), 'too large', other, false));
    await rig.west.send(OURS, quarantinedEntry(place(7), 'too large', Rig.record(7), false));
    expect(await rig.attempt()).toEqual({ redriven: 0, refusedAgain: 0, missing: 2, more: false });
    await rig.setAside(5, true);
    expect(await rig.attempt()).toEqual({ redriven: 1, refusedAgain: 0, missing: 2, more: false });
    expect(await rig.copies()).toEqual([[placeText(place(5)), 'message 5']]);
  });

  it('writes nothing without its locks', async () => {
    const rig = new Rig(1);
    await rig.setAside(0, true);
    const redriver = new Redriver({
      input: { replication: 'r', source: 'east', destination: 'west', queues: QUEUES, tags: [] },
      source: new FakeReader() as unknown as OffsetSource,
      destination: rig.west as unknown as Destination,
      redrive: 'redrive-1',
      budget: new ByteBudget(1e9),
      signal: new AbortController().signal,
      mayWrite: () => false,
      onProgress: () => undefined,
    });
    await expect(redriver.run(['west-a'])).rejects.toThrow('the lease on the locks is over');
    expect(await rig.west.range(OURS)).toEqual({ min: 0, max: 1 });
  });
});
