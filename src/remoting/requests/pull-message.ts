import type { RequestKind } from '../call.ts';
import { PULL_NOT_FOUND, PULL_OFFSET_MOVED, PULL_RETRY_IMMEDIATELY, SUCCESS } from '../response-codes.ts';
import { integerField } from './fields.ts';
import type { GroupQueue } from './query-consumer-offset.ts';
import { queueFields } from './queue-place.ts';

/** PullSysFlag: the broker may hold the request; the request carries its subscription. */
const SUSPEND = 2;
const SUBSCRIPTION = 4;

export interface PullMessage extends GroupQueue {
  readonly offset: number;
  readonly maxMessages: number;
  /** How long the broker may hold the request while there is nothing to read; 0 answers at once. ms. */
  readonly waitMs: number;
}

export interface Pulled {
  /**
   * - `SUCCESS`: `records` holds messages.
   * - `PULL_NOT_FOUND`: nothing at the offset yet.
   * - `PULL_RETRY_IMMEDIATELY`: what stood there is being removed, or the search was cut short; go on at `nextOffset`.
   * - `PULL_OFFSET_MOVED`: the queue does not hold the offset. `nextOffset` is what a consumer would go on with: the nearest end of the
   *   queue, or from 4.4 its beginning where the offset lies beyond the end.
   */
  readonly code: number;
  /** Stored messages one after the other, for `MessageCursor`. */
  readonly records: Buffer;
  readonly nextOffset: number;
  readonly minOffset: number;
  readonly maxOffset: number;
}

/**
 * PULL_MESSAGE: messages of one queue from an offset on, all of them whatever their tags. The broker looks for held requests
 * whose time is up every 5 s only, so an answer may come that much later than `waitMs` (PullRequestHoldService).
 *
 *     fields: consumerGroup, topic, queueId, bname, queueOffset, maxMsgNums, sysFlag, commitOffset 0, suspendTimeoutMillis,
 *             subscription "*", expressionType TAG, subVersion 0
 *     -> nextBeginOffset, minOffset, maxOffset; body: stored messages
 */
export const pullMessage: RequestKind<PullMessage, Pulled> = {
  code: 11,
  name: 'PULL_MESSAGE',
  accepts: [SUCCESS, PULL_NOT_FOUND, PULL_RETRY_IMMEDIATELY, PULL_OFFSET_MOVED],
  build: (pull) => ({
    fields: {
      consumerGroup: pull.group,
      ...queueFields(pull),
      queueOffset: pull.offset,
      maxMsgNums: pull.maxMessages,
      sysFlag: pull.waitMs > 0 ? SUSPEND | SUBSCRIPTION : SUBSCRIPTION,
      commitOffset: 0,
      suspendTimeoutMillis: pull.waitMs,
      subscription: '*',
      expressionType: 'TAG',
      subVersion: 0,
    },
  }),
  read: (answer) => ({
    code: answer.code,
    records: answer.body,
    nextOffset: integerField(answer, 'nextBeginOffset'),
    minOffset: Math.max(0, integerField(answer, 'minOffset')),
    maxOffset: Math.max(0, integerField(answer, 'maxOffset')),
  }),
};
