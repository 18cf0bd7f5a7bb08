import { expect, test } from 'vitest';
import { groupsText } from '../../../../src/cli/groups/report-text.ts';
import type { GroupsReport } from '../../../../src/cli/groups/report.ts';

const row = (queue: number, offsets: object) => ({
  ...{ topic: 'pay', broker: 'east-a', queue, to: { broker: 'west-a', queue } },
  ...offsets,
});
const REPORT: GroupsReport = {
  ...{ name: 'orders', source: 'east', destination: 'west', read: 'now', reportedAt: '2026-01-01T00:00:00.000Z' },
  groups: [
    {
      ...{ group: 'billing', syncedAt: '2026-01-01T00:00:00.000Z', retries: 1200 },
      queues: [
        row(0, { source: 5, sourceLag: 1000, translated: 7, destination: 4, destinationLag: 30 }),
        row(1, { translated: 2, repeated: 9 }),
      ],
    },
    { group: 'shipping', problem: 'it has consumers online', retries: 0, queues: [] },
  ],
  troubles: ['cluster west is slow'],
};

test('a line a group and topic, with the sums of its queues, then what is wrong', () => {
  expect(groupsText(REPORT, false).split('\n')).toEqual([
    "orders  groups east -> west, worker's last report 2026-01-01T00:00:00.000Z",
    'trouble, being retried: cluster west is slow',
    '',
    'GROUP     TOPIC  QUEUES  SOURCE LAG  DESTINATION LAG  STILL TO MOVE  IN STEP AT',
    'billing   pay         2       1,000               30              5  2026-01-01T00:00:00.000Z',
    'shipping  -           0           0                0              0  -',
    '',
    'waiting on the source for another try, and not copied:',
    '  billing: 1,200 messages',
    '',
    'consumed, and seen again if the group went on at west now:',
    '  billing: 9 messages',
    '',
    'not in step:',
    '  shipping: it has consumers online',
  ]);
});

test('a line a queue, with both offsets and what the source means', () => {
  const lines = groupsText({ ...REPORT, notRead: 'west is away' }, true).split('\n');
  expect(lines).toContain('as last reported, because the clusters were not read: west is away');
  const cells = lines.filter((line) => line.startsWith('billing')).map((line) => line.split(/ +/));
  expect(cells).toEqual([
    ['billing', 'pay/east-a/0', '5', '1,000', '7', '4', '30', 'west-a/0'],
    ['billing', 'pay/east-a/1', '-', '-', '2', '-', '-', 'west-a/1'],
  ]);
});
