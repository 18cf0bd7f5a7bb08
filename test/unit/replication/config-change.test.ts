import { expect, test } from 'vitest';
import { readCommand } from '../../../src/replication/commands.ts';
import { configChange } from '../../../src/replication/config-change.ts';
import { replicationInput, type ReplicationConfig } from '../../../src/replication/input.ts';

const INPUT: ReplicationConfig = {
  source: 'east',
  destination: 'west',
  topics: ['a', 'b'],
  tags: [{ key: 'k', value: 'v' }],
};

function change(wanted: Partial<ReplicationConfig>) {
  return configChange(replicationInput.parse(INPUT), replicationInput.parse({ ...INPUT, ...wanted }));
}

test('what may change while it runs', () => {
  const wanted: Partial<ReplicationConfig> = {
    topics: ['c', 'b', 'a'],
    exclude: ['x*'],
    tags: [],
    onGap: 'skip',
    onPoison: 'quarantine',
    rateLimit: { bytesPerSecond: '5MiB' },
    parallelism: 4,
  };
  expect(change(wanted)).toEqual({ fields: Object.keys(wanted).sort(), refused: [] });
});

test.each<[keyof ReplicationConfig, Partial<ReplicationConfig>, string]>([
  ['source', { source: 'north' }, 'source: cannot change while the replication runs; it needs stop and start'],
  ['start', { start: { group: 'g' } }, 'start: cannot change while'],
  ['mode', { mode: 'two-way' }, 'mode: cannot change while'],
  ['topics', { topics: ['b', 'c'] }, 'topics: leaves out a; taking topics away needs stop and start'],
])('%s needs stop and start', (field, wanted, reason) => {
  const { fields, refused } = change(wanted);
  expect(fields).toEqual([field]);
  expect(refused).toEqual([{ field, reason: expect.stringContaining(reason) as string }]);
});

test('the same in other words is no change', () => {
  expect(change({ tags: [{ value: 'v', key: 'k' }], parallelism: 1 })).toEqual({ fields: [], refused: [] });
});

test('updateConfig takes fields as the input has them, and adds none', () => {
  expect(readCommand('updateConfig', [{ by: 'kim', rateLimit: { bytesPerSecond: '1KiB' } }])).toEqual({
    command: { name: 'updateConfig', input: { by: 'kim', rateLimit: { bytesPerSecond: 1024 } } },
  });
  for (const [input, problem] of [
    [{ paralellism: 2 }, 'paralellism: expected no such field, found 2'],
    [{ parallelism: 0 }, 'parallelism: expected at least 1, found 0'],
    [{ topics: [] }, 'topics: expected at least 1 entry, found []'],
    [{ topics: ['no spaces'] }, 'topics[0]: expected a topic'],
  ] as const)
    expect(readCommand('updateConfig', [input])).toEqual({ problems: [expect.stringContaining(problem)] });
  expect(readCommand('rescale', [{}])).toEqual({ problems: ['parallelism: expected a number, found nothing'] });
});
