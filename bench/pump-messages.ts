import type { PumpInput } from '../src/replication/pump-messages.ts';
import type { Queue } from '../src/transport/types.ts';

export interface Flow {
  readonly input: PumpInput;
  readonly sourceNameServers: readonly string[];
  readonly destinationNameServers: readonly string[];
}

/** Copy until the destination holds so many messages. */
export interface CopyJob extends Flow {
  readonly kind: 'copy';
  readonly messages: number;
}

/** Wait for messages of which there are none, and tell what that takes. */
export interface IdleJob extends Flow {
  readonly kind: 'idle';
  readonly forMs: number;
}

/** Read so many messages as they come, and tell when each came. */
export interface ConsumeJob {
  readonly kind: 'consume';
  readonly nameServers: readonly string[];
  readonly queues: readonly Queue[];
  readonly messages: number;
}

/** What a process is asked for. */
export type Job = CopyJob | IdleJob | ConsumeJob;

export type JobAnswer = { readonly error: string } | { readonly result: PumpMeasured | IdleMeasured | number[][] };

export interface PumpMeasured {
  /** Messages a second, until they could be read. */
  readonly rate: number;
  /** From the start to the first acknowledgement: locks, barrier, read-back. ms */
  readonly startMs: number;
  readonly batches: number;
  /** Of the process, from the first acknowledgement on. */
  readonly cpuSeconds: number;
  /** The process's largest resident set so far, over all its jobs. Bytes. */
  readonly peakRss: number;
}

export interface IdleMeasured {
  /** Until all queues were waited for. ms */
  readonly startMs: number;
  /** Of one core. */
  readonly cpuShare: number;
  /** Resident set at the end, and the largest. Bytes. */
  readonly rss: number;
  readonly peakRss: number;
  /** Pulls a second. */
  readonly pulls: number;
}
