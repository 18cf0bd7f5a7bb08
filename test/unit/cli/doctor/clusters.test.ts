import { describe, expect, it } from 'vitest';
import { checkSameCluster, isRecentEnough, type CheckedCluster } from '../../../../src/cli/doctor/clusters.ts';

describe('versions', () => {
  it.each([
    ['V4_4_0', true],
    ['V4_4_0_SNAPSHOT', true],
    ['V4_3_9', false],
    ['V4_10_0', true],
    ['V3_5_8', false],
    ['V5_0_0_ALPHA', true],
    ['V5_5_0', true],
    ['unknown', false],
  ])('%s is recent enough: %s', (version, expected) => {
    expect(isRecentEnough(version)).toBe(expected);
  });
});

describe('two names for one cluster', () => {
  const cluster = (name: string, ...masters: (string | undefined)[]): CheckedCluster => ({
    name,
    brokers: masters.map((master, index) => ({ name: `broker-${index}`, master, slaves: [] })),
    facts: [],
    findings: [],
  });

  it('show by a broker in common', () => {
    const findings = checkSameCluster([cluster('a', 'x:1', 'x:2'), cluster('b', 'y:1'), cluster('c', 'z:9', 'x:2')]);
    expect(findings).toEqual([
      {
        result: 'FAIL',
        about: 'clusters a, c',
        text: 'are the same cluster: both have the broker broker-1 at x:2; give each cluster one name',
      },
    ]);
  });

  it('do not show by brokers without a master, nor by unreachable clusters', () => {
    expect(checkSameCluster([cluster('a', undefined), cluster('b', undefined), cluster('c'), cluster('d')])).toEqual(
      [],
    );
  });
});
