import type { ClusterAdmin } from '../../transport/types.ts';
import type { Skew } from './clocks.ts';

/** What a broker says about itself. */
export interface BrokerFacts {
  readonly name: string;
  /** Such as `V5_5_0`. */
  readonly version: string;
  readonly settings: ReadonlyMap<string, string>;
  /** Absent where it does not tell its time. */
  readonly skew?: Skew;
}

/** A broker tells its time in whole seconds. ms */
const CLOCK_STEP = 1000;

/** @throws TransportError */
export async function readFacts(admin: ClusterAdmin, name: string): Promise<BrokerFacts> {
  const version = await admin.brokerVersion(name);
  const settings = await admin.brokerConfig(name);
  const asked = Date.now();
  const time = await admin.brokerTime(name);
  const answered = Date.now();
  if (time === undefined) return { name, version, settings };
  return { name, version, settings, skew: { least: time - answered, most: time + CLOCK_STEP - asked } };
}
