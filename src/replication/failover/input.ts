import { z } from 'zod';
import { REPLICATION_NAME } from '../names.ts';

/** The input of the `failover` workflow. */
export const failoverInput = z.strictObject({
  replication: z
    .string()
    .regex(REPLICATION_NAME, 'expected the name of a replication: letters, digits and -, at most 48'),
  /** `switchover`: a planned move, the source is alive. `failover`: the source is lost. `failback`: the way home. */
  mode: z.enum(['switchover', 'failover', 'failback']),
  /**
   * What stops the source's producers before the cut, besides the route: `topic` nothing more (55 s, for routes to spread), `broker` every send to the
   * source's brokers is refused, `external` somebody says `producersStopped`.
   */
  fence: z.enum(['topic', 'broker', 'external']).default('topic'),
  /** Reports what would be done, and changes nothing. */
  dryRun: z.boolean().default(false),
  /** Waits for `confirm` before the point of no return. */
  confirm: z.boolean().default(false),
  /** How long it waits for `confirm` or `producersStopped`; then it aborts. Seconds. */
  patience: z.int().min(1).max(86_400).default(600),
  /** How long copying up to the cut may take; then it aborts. Seconds. */
  drainWithin: z.int().min(1).max(86_400).default(120),
  /** How long consumers on the source may take to finish what they have fetched; then the groups are moved, and those messages may be seen again. Seconds. */
  settleWithin: z.int().min(1).max(3_600).default(60),
  /**
   * `failback`: what becomes of messages that the lost source has stored and that were never copied. `copy`: they are copied, behind what was produced
   * meanwhile. `aside`: into the quarantine, from where they can be redriven. `leave`: they stay where they are.
   */
  strandedTail: z.enum(['copy', 'aside', 'leave']).default('copy'),
  by: z.string().max(200).optional(),
  reason: z.string().max(500).optional(),
});

/** As an operator writes it. */
export type FailoverConfig = z.input<typeof failoverInput>;
export type FailoverInput = z.output<typeof failoverInput>;
