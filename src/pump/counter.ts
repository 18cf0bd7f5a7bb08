import { NO_COUNTERS, type Counters } from '../replication/messages.ts';

/** Counts that grow while copying, and are handed over in parts. */
export class Counter {
  #total: Counters = NO_COUNTERS;
  #reported: Counters = NO_COUNTERS;

  get total(): Counters {
    return this.#total;
  }

  add(growth: Partial<Counters>): void {
    this.#total = combine(this.#total, growth, 1);
  }

  /** What has grown since `reported` was last told. */
  growth(): Counters {
    return combine(this.#total, this.#reported, -1);
  }

  /** These have arrived where they are summed up. */
  reported(counters: Counters): void {
    this.#reported = counters;
  }
}

function combine(a: Counters, b: Partial<Counters>, sign: 1 | -1): Counters {
  return {
    copied: a.copied + sign * (b.copied ?? 0),
    bytes: a.bytes + sign * (b.bytes ?? 0),
    loopSkipped: a.loopSkipped + sign * (b.loopSkipped ?? 0),
    gapSkipped: a.gapSkipped + sign * (b.gapSkipped ?? 0),
    quarantined: a.quarantined + sign * (b.quarantined ?? 0),
    repeated: a.repeated + sign * (b.repeated ?? 0),
    settled: a.settled + sign * (b.settled ?? 0),
  };
}
