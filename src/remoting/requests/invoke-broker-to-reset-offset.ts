import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import type { CommitOffset } from './update-consumer-offset.ts';
import { queueFields } from './queue-place.ts';

/**
 * INVOKE_BROKER_TO_RESET_OFFSET: sets a group's offset for one queue so that consumers that are online follow. Since 5.0 the broker keeps the new
 * offset (`useServerSideResetOffset`): whoever pulls the queue next is sent there, and what clients commit until then is ignored. It refuses an
 * offset that the queue does not hold (1).
 *
 * Not for a 4.x broker: it ignores queue and offset, and resets all queues of the topic to a time.
 *
 *     fields: group, topic, queueId, bname, offset, timestamp, isForce -> nothing that is needed
 */
export const resetConsumerOffset: RequestKind<CommitOffset, undefined> = {
  code: 222,
  name: 'INVOKE_BROKER_TO_RESET_OFFSET',
  accepts: [SUCCESS],
  build: (reset) => ({
    // the time is not looked at where an offset is given, but must be there
    fields: { group: reset.group, ...queueFields(reset), offset: reset.offset, timestamp: 0, isForce: true },
  }),
  read: () => undefined,
};
