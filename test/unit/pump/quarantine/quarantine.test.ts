import { beforeEach, describe, expect, it } from 'vitest';
import { ByteBudget } from '../../../../src/pump/byte-budget.ts';
import { QueueBlocked } from '../../../../src/pump/problems.ts';
import { quarantinedEntry, quarantineQueue } from '../../../../src/pump/quarantine/entry.ts';
import { Quarantine } from '../../../../src/pump/quarantine/quarantine.ts';
import type { Route } from '../../../../src/pump/read-back.ts';
import type { CopySource } from '../../../../src/replication/provenance.ts';
import { TransportError } from '../../../../src/transport/errors.ts';
import type { Destination, OffsetSource } from '../../../../src/transport/types.ts';
import { FakeDestination } from '../../../support/fake-destination.ts';
import { FakeReader } from '../../../support/fake-reader.ts';
import { decodeBatch, storedRecord } from '../../../support/records.ts';

const SOURCE: CopySource = { cluster: 'east', topic: 'orders', broker: 'east-a', queue: 0, generation: 1 };
const OURS = quarantineQueue('west-a');
const INNER_BATCH = 0x80;

let east: FakeReader;
let west: FakeDestination;
let quarantine: Quarantine;

beforeEach(() => {
  east = new FakeReader();
  west = new FakeDestination();
  quarantine = open(true);
});

function open(inUse: boolean): Quarantine {
  return new Quarantine({
    source: east as unknown as OffsetSource,
    destination: west as unknown as Destination,
    budget: new ByteBudget(1e9),
    signal: new AbortController().signal,
    inUse,
  });
}

function route(source: CopySource = SOURCE): Route {
  const from = { topic: 'orders', broker: 'east-a', id: source.queue };
  const to = { topic: 'orders', broker: 'west-a', id: source.queue };
  return { from, to, source, group: 'g', checkpoint: to, lossMark: to, start: undefined, skipTo: 0 };
}

async function setAside(offset: number, source: CopySource = SOURCE): Promise<void> {
  await west.send(OURS, quarantinedEntry({ source, offset }, 'x', Buffer.alloc(0), false));
}

describe('R9: what is in quarantine', () => {
  it('is told by queue and generation, as of the call', async () => {
    expect(await quarantine.newest(route())).toBe(-1);
    await setAside(3);
    await setAside(9, { ...SOURCE, generation: 0 });
    await setAside(8, { ...SOURCE, queue: 1 });
    await setAside(7, { ...SOURCE, cluster: 'north' });
    expect(await quarantine.newest(route())).toBe(3);
    await setAside(5);
    await setAside(4);
    expect(await quarantine.newest(route())).toBe(5);
    expect(await quarantine.newest(route({ ...SOURCE, queue: 1 }))).toBe(8);
  });

  it('is read once, however many queues ask', async () => {
    await setAside(3);
    const queues = Array.from({ length: 1000 }, (_, queue) => route({ ...SOURCE, queue }));
    const told = await Promise.all(queues.map((each) => quarantine.newest(each)));
    expect(told.filter((offset) => offset >= 0)).toEqual([3]);
    expect(west.queue(OURS).requests).toHaveLength(1);
  });
});

describe('a quarantine that the account may not read', () => {
  it.each([
    [16, false, 'holds nothing where it is not in use'],
    [16, true, 'is an error where it is in use'],
    [1, false, 'is told apart from one that fails'],
  ])('(code %d, in use: %s) %s', async (code, inUse) => {
    const failure = { address: 'fake', code, retryable: false, refusedForGood: false, answered: true };
    west.range = () => Promise.reject(new TransportError('no', failure));
    const told = open(inUse).newest(route());
    if (code === 16 && !inUse) expect(await told).toBe(-1);
    else await expect(told).rejects.toThrow('no');
  });
});

describe('the entry for a message', () => {
  const poison = new QueueBlocked('poison', 0, 'too large');

  it('has its record where that fits', async () => {
    const record = storedRecord({ body: Buffer.from('body') });
    east.append(record);
    const [whole] = decodeBatch(Buffer.concat((await quarantine.entryFor(route(), poison))!.parts));
    expect(whole!.body.equals(record)).toBe(true);
    west.maxBytes = record.length;
    const [place] = decodeBatch(Buffer.concat((await quarantine.entryFor(route(), poison))!.parts));
    expect(place!.body).toHaveLength(0);
    expect(place!.properties.toString()).toContain('1:east:orders:0:1:0:east-a');
  });

  it('cannot be for one that is gone, or for an inner batch', async () => {
    expect(await quarantine.entryFor(route(), poison)).toBeUndefined();
    east.append(storedRecord({ sysFlag: INNER_BATCH }));
    await expect(quarantine.entryFor(route(), poison)).rejects.toBe(poison);
  });
});
