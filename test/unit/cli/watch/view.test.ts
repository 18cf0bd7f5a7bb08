import { describe, expect, it } from 'vitest';
import type { FlowSample, QueueSample } from '../../../../src/cli/watch/sample.ts';
import { duration, watchText } from '../../../../src/cli/watch/view.ts';

function queues(count: number): QueueSample[] {
  return Array.from({ length: count }, (_, i) => ({
    topic: 'orders',
    broker: 'east-a',
    queue: i,
    max: 1000,
    lag: 1000 - i,
    rate: 10,
    state: 'copying',
  }));
}

function flow(change: Partial<FlowSample> = {}): FlowSample {
  return {
    name: 'orders',
    source: 'east',
    destination: 'west',
    health: 'RUNNING',
    blocked: 0,
    troubles: [],
    queues: [],
    ...change,
  };
}

describe('the table', () => {
  it('has a line for each flow and each queue, figures to the right', () => {
    const [first, second] = queues(2);
    const lines = watchText([
      flow({
        rate: 12_345.6,
        lag: 1999,
        oldestMs: 1234,
        blocked: 1,
        troubles: ['west is slow'],
        queues: [{ ...first!, state: 'blocked', reason: 'gap: gone' }, second!],
      }),
      flow({ name: 'b', health: 'NO WORKER', troubles: ['lag unknown: no answer'] }),
    ]);
    expect(lines).toEqual([
      '                      STATE       MSG/S    LAG  OLDEST',
      'orders  east -> west  RUNNING    12,346  1,999   1.2 s  1 blocked; west is slow',
      '  orders/east-a/0     blocked        10  1,000       -  gap: gone',
      '  orders/east-a/1     copying        10    999       -',
      'b  east -> west       NO WORKER       -      -       -  lag unknown: no answer',
    ]);
  });

  it('on a terminal shows what fits and sums up the rest', () => {
    const lines = watchText([flow({ queues: queues(5000) })], { rows: 6, columns: 200 });
    expect(lines).toHaveLength(6);
    expect(lines[2]).toContain('orders/east-a/0');
    expect(lines[4]).toContain('orders/east-a/2');
    const rest = 4997;
    const lag = queues(5000)
      .slice(3)
      .reduce((sum, queue) => sum + queue.lag, 0);
    expect(lines[5]!.replace(/ +/g, ' ')).toBe(
      ` ${rest.toLocaleString('en-US')} more queues ${(rest * 10).toLocaleString('en-US')} ${lag.toLocaleString('en-US')} -`,
    );
  });

  it('shares a terminal out, and shows a queue that is the only one left instead of summing it up', () => {
    const flows = [flow({ name: 'few', queues: queues(2) }), flow({ name: 'many', queues: queues(50) })];
    const lines = watchText(flows, { rows: 10, columns: 200 });
    expect(lines).toHaveLength(10);
    expect(lines.filter((line) => line.includes('more queues'))).toHaveLength(1);
    expect(lines[4]).toMatch(/^many/);
  });

  it.each([1, 2, 3, 5])('never has more than %s lines, nor longer ones than fit', (rows) => {
    const flows = Array.from({ length: 4 }, () => flow({ troubles: ['x'.repeat(500)], queues: queues(3) }));
    const lines = watchText(flows, { rows, columns: 40 });
    expect(lines.length).toBeLessThanOrEqual(rows);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  it('elsewhere shows 20 queues of each flow', () => {
    expect(watchText([flow({ queues: queues(100) })])).toHaveLength(22);
  });

  it('says that there is nothing', () => {
    expect(watchText([])).toEqual(['no replications']);
  });
});

it.each([
  [0, '0.0 s'],
  [9_940, '9.9 s'],
  [75_000, '75 s'],
  [12 * 60_000, '12 m'],
  [7 * 3_600_000, '7 h'],
  [72 * 3_600_000, '3 d'],
])('%s ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});
