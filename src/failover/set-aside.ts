import { isInnerBatch } from '../pump/batch-builder.ts';
import { hasPassed } from '../pump/has-passed.ts';
import { LeaseLost, QueueBlocked } from '../pump/problems.ts';
import { createQuarantine } from '../pump/prepare/create-quarantine.ts';
import { quarantineQueue } from '../pump/quarantine/entry.ts';
import { fittingEntry, Quarantine } from '../pump/quarantine/quarantine.ts';
import { lockTopic, takeAll, type RedriveDependencies } from '../pump/quarantine/redrive.ts';
import { SEND_TIMEOUT_MS, type QueueLocks } from '../pump/queue-lock.ts';
import type { Route } from '../pump/read-back.ts';
import { readMessages } from '../pump/read-messages.ts';
import { routes } from '../pump/routes.ts';
import type { StrandedQueue } from '../replication/failover/messages.ts';
import type { SourcePlace } from '../replication/provenance.ts';
import { propertiesOf, type MessageCursor } from '../transport/message.ts';
import { queueKey, type Batch, type BatchLimits } from '../transport/types.ts';
import { goesOnAt, type TailOptions, type TailPlace } from './stranded-tail.ts';

/** Messages that are read, and sent, together: each may be as large as a broker takes. */
const AT_A_TIME = 32;

/** Names this attempt, as a pump's locks do, and tells how far it is. */
export type AsideOptions = TailOptions & Pick<RedriveDependencies, 'owner' | 'formerOwners' | 'onWait'>;

/**
 * Puts what is stranded into the quarantine, in the order of each source queue and under its lock (R6, R9): copying goes on behind it, and a redrive copies
 * it. An attempt that comes after another goes on where that one stood. Answers with how many messages of these queues stand there in the end.
 * @throws TransportError and others that may pass
 */
export async function setAsideStranded(queues: readonly StrandedQueue[], options: AsideOptions): Promise<number> {
  const { source, destination, known, budget, signal } = options;
  await createQuarantine(destination.admin, known.map);
  const [from, to] = [source.openSource(), destination.openDestination()];
  const quarantine = new Quarantine({ source: from, destination: to, budget, signal, inUse: true });
  const locks = lockTopic({ ...known, queues: known.map }, to, options);
  try {
    await takeAll([...locks.values()], signal);
    const place = { from, to, quarantine, budget, signal };
    const tails = new Map(queues.map((tail) => [queueKey({ ...tail, id: tail.queue }), tail]));
    let messages = 0;
    for (const route of routes({ ...known, queues: known.map, skips: {} })) {
      const tail = tails.get(queueKey(route.from));
      if (tail) messages += await setQueueAside(route, tail, place, locks.get(route.to.broker)!, destination.name);
    }
    return messages;
  } finally {
    await Promise.all([...locks.values()].map((lock) => lock.release()));
    from.close();
    to.close();
  }
}

async function setQueueAside(
  route: Route,
  tail: StrandedQueue,
  place: TailPlace,
  { lease }: QueueLocks,
  destination: string,
): Promise<number> {
  const { from, to, budget, signal } = place;
  const reason = `it was stranded on ${route.source.cluster} while that was lost, and the failback was to keep it aside`;
  const limits = await to.batchLimits(route.to.broker);
  const start = await goesOnAt(route, place);
  for (let at = start; at < tail.to; at += AT_A_TIME) {
    const entries: Batch[] = [];
    await readMessages(
      { reader: from, queue: route.from, budget, signal },
      at,
      Math.min(at + AT_A_TIME, tail.to),
      (message) => {
        if (hasPassed(propertiesOf(message), destination)) return;
        entries.push(entryFor(message, { source: route.source, offset: message.queueOffset }, reason, limits));
      },
    );
    for (const batch of joined(entries, limits)) {
      if (!lease.valid) throw new LeaseLost();
      await to.send(quarantineQueue(route.to.broker), batch, SEND_TIMEOUT_MS);
    }
  }
  return tail.messages;
}

function entryFor(message: MessageCursor, place: SourcePlace, reason: string, limits: BatchLimits): Batch {
  if (isInnerBatch(message))
    throw new QueueBlocked(
      'poison',
      place.offset,
      `source offset ${place.offset} of ${place.source.topic} is an inner batch, which cannot be set aside; copy or leave what is stranded`,
    );
  return fittingEntry(message, place, reason, limits);
}

/** Entries in their order, in as few batches as the broker takes. */
function joined(entries: readonly Batch[], { maxBytes, bytesPerMessage }: BatchLimits): Batch[] {
  const batches: Batch[] = [];
  for (const entry of entries) {
    const last = batches.at(-1);
    const bytes = (last?.bytes ?? 0) + entry.bytes;
    const messages = (last?.messages ?? 0) + 1;
    if (last && bytes + messages * bytesPerMessage <= maxBytes)
      batches[batches.length - 1] = { ...last, parts: [...last.parts, ...entry.parts], bytes, messages };
    else batches.push(entry);
  }
  return batches;
}
