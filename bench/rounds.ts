import type { Brokers } from './brokers.ts';
import { measureRound, type Round } from './measure.ts';
import { PumpProcess } from './pump.ts';
import { medianOf, tableHead, tableRow } from './report.ts';

/** Messages that fill the pump's memory, if anything does: large ones, and the largest that a broker takes by default. */
export const LARGE = [
  { size: 1024 * 1024, messages: 400 },
  { size: 4_000_000, messages: 100 },
];

export interface BacklogResult {
  /** Body size. Bytes. */
  readonly size: number;
  readonly rounds: readonly Round[];
  readonly median: Round;
}

export interface LargeMessages {
  readonly size: number;
  readonly round: Round;
}

export interface RoundsOptions {
  /** Begins the topics' names. */
  readonly name: string;
  readonly rounds: number;
  readonly messages: number;
  readonly size: number;
}

/** One round to warm up and `rounds` that count, all by one pump process. */
export async function measureRounds(
  brokers: Brokers,
  { name, rounds, messages, size }: RoundsOptions,
  say: (line: string) => void,
): Promise<BacklogResult> {
  const pump = new PumpProcess();
  const counted: Round[] = [];
  try {
    say(tableHead());
    for (let number = 0; number <= rounds; number++) {
      const round = await measureRound(brokers, pump, { topic: `${name}-${number}`, messages, size });
      say(tableRow(number === 0 ? 'warm-up' : String(number), round, size));
      if (number > 0) counted.push(round);
    }
  } finally {
    pump.end();
  }
  const median = medianOf(counted);
  say(tableRow('median', median, size));
  return { size, rounds: counted, median };
}

/** Each size by a pump process of its own. */
export async function measureLarge(brokers: Brokers): Promise<LargeMessages[]> {
  const measured: LargeMessages[] = [];
  for (const load of LARGE) {
    const pump = new PumpProcess();
    try {
      measured.push({
        size: load.size,
        round: await measureRound(brokers, pump, { topic: `large-${load.size}`, ...load }),
      });
    } finally {
      pump.end();
    }
  }
  return measured;
}
