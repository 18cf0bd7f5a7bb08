import type { Queue, Topic } from './types.ts';

/** Every queue that a topic has anywhere, also those that nobody may write to or read from by the route. */
export function queuesOf({ name: topic, brokers }: Topic): Queue[] {
  return brokers.flatMap(({ broker, readQueues, writeQueues }) =>
    Array.from({ length: Math.max(readQueues, writeQueues) }, (_, id) => ({ topic, broker, id })),
  );
}
