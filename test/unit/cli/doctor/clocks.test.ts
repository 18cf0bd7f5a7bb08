import { describe, expect, it } from 'vitest';
import { checkClocks } from '../../../../src/cli/doctor/clocks.ts';
import { clockOf } from '../../../../src/transport/remoting/runtime-info.ts';

describe('a clock', () => {
  it.each<[string, number, number, string | undefined]>([
    ['that may be right', -900, 1100, undefined],
    ['that is a little ahead', 900, 1900, undefined],
    ['ahead', 1200, 2200, '1.2 s ahead of'],
    ['far behind', -3_600_500, -3_599_500, '3599.5 s behind'],
  ])('%s', (_, least, most, text) => {
    const [finding] = checkClocks([{ who: 'broker a', skew: { least, most } }]);
    if (text === undefined) expect(finding).toMatchObject({ result: 'OK' });
    else
      expect(finding).toMatchObject({
        result: 'WARN',
        text: expect.stringContaining(`broker a is at least ${text}`) as string,
      });
  });

  it('that cannot be read is said to be so; no server at all says nothing', () => {
    expect(checkClocks([{ who: 'x' }, { who: 'y', skew: { least: 0, most: 1 } }])).toEqual([
      { result: 'WARN', about: 'clocks', text: 'x: cannot be asked for the time' },
    ]);
    expect(checkClocks([])).toEqual([]);
  });
});

describe("a broker's clock from its runtime information", () => {
  it.each([
    ['[ 0 days, 0 hours, 0 minutes, 7 seconds ]', 7],
    ['[ 1,234 days, 5 hours, 6 minutes, 7 seconds ]', ((1234 * 24 + 5) * 60 + 6) * 60 + 7],
  ])('%s', (runtime, seconds) => {
    expect(clockOf({ bootTimestamp: '1000500', runtime })).toBe(1_000_500 + seconds * 1000);
  });

  it('is unknown where it tells none', () => {
    expect(clockOf({ bootTimestamp: '1000500' })).toBeUndefined();
    expect(clockOf({ runtime: '[ 0 days, 0 hours, 0 minutes, 7 seconds ]' })).toBeUndefined();
  });
});
