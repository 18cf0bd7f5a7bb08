import type { ReplicationInput } from './input.ts';
import type { QueueRange } from './queue-map.ts';

/** What a replication watches while it runs. */
export interface WatchInput {
  readonly input: ReplicationInput;
  readonly source: string;
  readonly map: readonly QueueRange[];
  /** Topics that are known to be left out. */
  readonly leftOut: readonly string[];
  /** Activities of pumps that were moved lately, and until when they stay where they are; absent where the pumps are not to be watched. ms since 1970. */
  readonly settled?: Readonly<Record<string, number>>;
}

/** What has to be done; nothing where the watch ended by itself, after some hours. */
export interface Watched {
  /** What is new on the source, a sentence each: `prepare` has something to add. */
  readonly changes: readonly string[];
  /** Pumps of workers that have more than their part, to be restarted elsewhere. */
  readonly surplus: readonly SurplusPump[];
}

export interface SurplusPump {
  readonly activityId: string;
  /** Identity of the worker. */
  readonly worker: string;
}
