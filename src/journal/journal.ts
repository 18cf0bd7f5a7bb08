import { batchOfOne } from '../pump/batch-of-one.ts';
import { ByteBudget } from '../pump/byte-budget.ts';
import { findProperty } from '../pump/properties.ts';
import { readMessages } from '../pump/read-messages.ts';
import { pause } from '../pump/time.ts';
import type { FlowKnowledge } from '../replication/flow-knowledge.ts';
import { JOURNAL_TOPIC, type Flow } from '../replication/names.ts';
import { encodeProperties } from '../transport/message.ts';
import type { Cluster, Destination, Queue } from '../transport/types.ts';
import { entryKey, isNewer, readEntry, writeEntry } from './entry.ts';

const SEND_TIMEOUT_MS = 10_000;
const ROUTE_WAIT_MS = 30_000;
/** Messages that are looked through at a time, from the end backwards. */
const STEP = 32;
/** For what is read ahead. Bytes. */
const READING_BUDGET = 8 * 1024 * 1024;

/**
 * The newest entry of a flow in a cluster's journal; `undefined` where there is none.
 * @throws TransportError; Error for an entry that a later release wrote
 */
export async function readJournal(cluster: Cluster, flow: Flow): Promise<FlowKnowledge | undefined> {
  const topic = await cluster.admin.topic(JOURNAL_TOPIC);
  if (!topic) return undefined;
  const reader = cluster.openDestination();
  try {
    let newest: FlowKnowledge | undefined;
    for (const { broker } of topic.brokers) {
      const entry = await newestEntry(reader, { topic: JOURNAL_TOPIC, broker, id: 0 }, flow);
      if (entry && (!newest || isNewer(entry, newest))) newest = entry;
    }
    return newest;
  } finally {
    reader.close();
  }
}

/** Appends an entry, and creates the journal where it is missing. An entry twice does no harm. @throws TransportError; Error */
export async function writeJournal(cluster: Cluster, entry: FlowKnowledge): Promise<void> {
  const queue = await journalQueue(cluster);
  const writer = cluster.openDestination();
  try {
    await writer.send(queue, batchOfOne([['KEYS', entryKey(entry)]], writeEntry(entry)), SEND_TIMEOUT_MS);
  } finally {
    writer.close();
  }
}

async function newestEntry(reader: Destination, queue: Queue, flow: Flow): Promise<FlowKnowledge | undefined> {
  await reader.dispatched(queue.broker);
  const { min, max } = await reader.range(queue);
  for (let high = max; high > min; high -= STEP) {
    const found = await newestIn(reader, queue, Math.max(min, high - STEP), high, flow);
    if (found) return found;
  }
  return undefined;
}

async function newestIn(
  reader: Destination,
  queue: Queue,
  from: number,
  until: number,
  flow: Flow,
): Promise<FlowKnowledge | undefined> {
  const key = encodeProperties([['KEYS', entryKey(flow)]]);
  let newest: FlowKnowledge | undefined;
  await readMessages({ reader, queue, budget: new ByteBudget(READING_BUDGET) }, from, until, (message) => {
    const { records, propertiesStart, propertiesEnd, bodyStart, bodyEnd } = message;
    if (findProperty(records, propertiesStart, propertiesEnd, key) < 0) return;
    const entry = readEntry(records.subarray(bodyStart, bodyEnd));
    if (!newest || !isNewer(newest, entry)) newest = entry;
  });
  return newest;
}

async function journalQueue({ name, admin }: Cluster): Promise<Queue> {
  const brokers = await admin.brokers();
  const writable = brokers.filter(({ master }) => master !== undefined).map((broker) => broker.name);
  const at = async () => (await admin.topic(JOURNAL_TOPIC))?.brokers.find(({ broker }) => writable.includes(broker));
  const existing = await at();
  if (existing) return { topic: JOURNAL_TOPIC, broker: existing.broker, id: 0 };
  const broker = writable.sort()[0];
  if (broker === undefined) throw new Error(`cluster ${name} has no broker with a master at the moment`);
  await admin.putTopic(broker, JOURNAL_TOPIC, { readQueues: 1, writeQueues: 1, perm: 6, order: false, attributes: {} });
  for (const deadline = performance.now() + ROUTE_WAIT_MS; !(await at());) {
    if (performance.now() > deadline)
      throw new Error(`cluster ${name}: the name servers do not show topic ${JOURNAL_TOPIC}, which was just created`);
    await pause(100);
  }
  return { topic: JOURNAL_TOPIC, broker, id: 0 };
}
