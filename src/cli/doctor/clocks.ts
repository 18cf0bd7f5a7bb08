import type { Finding } from './finding.ts';

/** How far a server's clock is ahead of ours: at least, and at most. It was read somewhere between question and answer. ms */
export interface Skew {
  readonly least: number;
  readonly most: number;
}

export interface Clock {
  /** Such as `broker east-a`. */
  readonly who: string;
  /** Absent where it does not tell its time. */
  readonly skew?: Skew;
}

const ALLOWED_MS = 1000;

/** All clocks against that of this machine. Nothing that is promised depends on them; ages, times and `start` do. */
export function checkClocks(clocks: readonly Clock[]): Finding[] {
  const about = 'clocks';
  const wrong = clocks.flatMap(({ who, skew }): Finding[] => {
    const ahead = skew ? certainSkew(skew) : 0;
    if (Math.abs(ahead) <= ALLOWED_MS) return [];
    const text =
      `${who} is at least ${(Math.abs(ahead) / 1000).toFixed(1)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's clock: ` +
      'a `start` time, latencies and the ages that watch shows are wrong by that; let NTP set both';
    return [{ result: 'WARN', about, text }];
  });
  const silent = clocks.filter(({ skew }) => !skew).map(({ who }) => who);
  const told = clocks.length - silent.length;
  if (silent.length > 0)
    wrong.push({ result: 'WARN', about, text: `${silent.join(', ')}: cannot be asked for the time` });
  if (wrong.length === 0 && told > 0)
    return [{ result: 'OK', about, text: `${told} within a second or so of this machine's` }];
  return wrong;
}

/** The skew nearest to 0 that explains what was seen. */
function certainSkew({ least, most }: Skew): number {
  if (least > 0) return least;
  return most < 0 ? most : 0;
}
