import { createTopic, type Brokers } from './brokers.ts';
import type { IdleMeasured } from './pump-messages.ts';
import { PumpProcess } from './pump.ts';

const TOPIC = 'idle';
/** Longer than a long poll. */
const MEASURED_MS = 30_000;
/** Goals: part of a core, bytes. */
export const GOAL_IDLE_CPU = 0.1;
export const GOAL_IDLE_RSS = 300 * 1024 * 1024;

export interface IdleResult extends IdleMeasured {
  readonly queues: number;
}

/** What queues cost into which nobody writes. */
export async function measureIdle(brokers: Brokers, count: number): Promise<IdleResult> {
  const queues = await createTopic(brokers.east, TOPIC, count);
  await createTopic(brokers.west, TOPIC, count);
  const pump = new PumpProcess();
  try {
    return { queues: count, ...(await pump.idle(brokers, queues, MEASURED_MS)) };
  } finally {
    pump.end();
  }
}
