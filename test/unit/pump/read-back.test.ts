import { describe, expect, it } from 'vitest';
import { nextOffset, type Route, type Trust } from '../../../src/pump/read-back.ts';
import type { OffsetSource } from '../../../src/transport/types.ts';

const FROM = { topic: 'orders', broker: 'east-a', id: 0 };
const ROUTE: Route = {
  from: FROM,
  to: { ...FROM, broker: 'west-a' },
  source: { cluster: 'east', topic: 'orders', broker: 'east-a', queue: 0, generation: 0 },
  group: 'REPLICATOR_orders_east_west',
  checkpoint: { ...FROM, broker: 'west-a' },
  lossMark: { ...FROM, broker: 'west-a' },
  start: undefined,
  skipTo: 0,
};
/** The last message that was copied is source offset 100; the source holds 500 to 1000. */
const NEWEST = { sourceOffset: 100, offset: 90 };

function sourceAt(committed: number | undefined): OffsetSource {
  return {
    range: () => Promise.resolve({ min: 500, max: 1000, isOfSlave: false }),
    committed: () => Promise.resolve(committed),
  } as unknown as OffsetSource;
}

describe('R7: behind the newest copy the source held only what came from the destination, and retention removed some of it', () => {
  const { signal } = new AbortController();

  it('copying goes on at the oldest message, where the checkpoint has passed that', async () => {
    expect(await nextOffset(sourceAt(1000), ROUTE, { newest: NEWEST, sourceCheckpoint: 'right' }, signal)).toBe(500);
    expect(await nextOffset(sourceAt(500), ROUTE, { newest: NEWEST, sourceCheckpoint: 'right' }, signal)).toBe(500);
  });

  it.each([
    ['the checkpoint has not passed it', 499, 'right'],
    ['there is no checkpoint', undefined, 'right'],
    ['the destination may have lost copies that the checkpoint has passed', 1000, 'doubtful'],
  ] as const)('R8: it stays a gap where %s', async (_why, committed, sourceCheckpoint) => {
    expect(await nextOffset(sourceAt(committed), ROUTE, { newest: NEWEST, sourceCheckpoint }, signal)).toBe(101);
  });
});

describe('R4: where no copy is left', () => {
  const { signal } = new AbortController();
  const next = (sourceCheckpoint: Trust, start?: number) =>
    nextOffset(sourceAt(800), { ...ROUTE, start }, { newest: undefined, sourceCheckpoint }, signal);

  it('copying begins where it began, if they are or may be lost, and at the checkpoint, if retention removed them', async () => {
    expect(await next('wrong', 600)).toBe(600);
    expect(await next('doubtful', 600)).toBe(600);
    expect(await next('right', 600)).toBe(800);
    expect(await next('wrong')).toBe(800);
  });

  it('what the source does not hold any more is a gap, if they are lost; it is none, if perhaps nothing was ever copied', async () => {
    expect(await next('wrong', 300)).toBe(300);
    expect(await next('doubtful', 300)).toBe(500);
  });
});
