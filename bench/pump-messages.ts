import type { PumpInput } from '../activities/types.ts';

/** What the pump's process is asked for. */
export interface PumpJob {
  readonly input: PumpInput;
  readonly sourceNameServers: readonly string[];
  readonly destinationNameServers: readonly string[];
  /** Messages after which the pump has done it all. */
  readonly messages: number;
}

export type PumpAnswer = PumpMeasured | { readonly error: string };

export interface PumpMeasured {
  /** Messages a second, until they could be read. */
  readonly rate: number;
  /** From the start to the first acknowledgement: locks, barrier, read-back. ms */
  readonly startMs: number;
  readonly batches: number;
  /** The process's largest resident set so far, over all its jobs. Bytes. */
  readonly peakRss: number;
}
