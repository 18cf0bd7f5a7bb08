import type { ByteBudget } from '../pump/byte-budget.ts';
import { hasPassed } from '../pump/has-passed.ts';
import type { Route } from '../pump/read-back.ts';
import { readMessages } from '../pump/read-messages.ts';
import { routes } from '../pump/routes.ts';
import type {
  GroupRepeats,
  PlacedGroups,
  PlacedRow,
  RepeatingGroup,
  StrandedQueue,
} from '../replication/failover/messages.ts';
import type { FlowKnowledge } from '../replication/flow-knowledge.ts';
import { choosesGroup } from '../replication/group-choice.ts';
import { propertiesOf } from '../transport/message.ts';
import { queueKey, type Cluster } from '../transport/types.ts';
import { OffsetTable } from './offset-table.ts';
import { Translator } from './translate.ts';

/** As many queues of groups as a workflow can carry. */
const MOST_OFFSETS = 2000;
const LONGEST_LIST = 200;
/** `flushConsumerOffsetInterval` of a broker, by default. ms */
const FLUSHED_EVERY_MS = 5000;

export interface RepeatsOptions {
  /** What the source holds that was never copied. */
  readonly stranded: readonly StrandedQueue[];
  readonly source: Cluster;
  readonly destination: Cluster;
  readonly known: FlowKnowledge;
  readonly budget: ByteBudget;
  readonly signal: AbortSignal;
}

/** Where the groups that these names and patterns choose stand in these topics. @throws TransportError */
export async function readPlaced(
  { admin }: Cluster,
  brokers: readonly string[],
  topics: readonly string[],
  groups: readonly string[],
): Promise<PlacedGroups> {
  const rows: PlacedRow[] = [];
  let more = 0;
  let count = 0;
  for (const broker of brokers)
    for (const { group, topic, offsets } of await admin.groupOffsets(broker)) {
      if (!topics.includes(topic) || !choosesGroup(groups, group)) continue;
      count += offsets.size;
      if (count > MOST_OFFSETS) more++;
      else rows.push({ group, topic, broker, offsets: [...offsets] });
    }
  return { rows, more };
}

/**
 * What groups consumed on the source before it was lost, by the offsets that its brokers had flushed, and consumed again at the destination, where they went
 * on from the places that a failover found. Before anybody consumes on the source again. @throws TransportError
 */
export async function countRepeats({ rows, more }: PlacedGroups, options: RepeatsOptions): Promise<GroupRepeats> {
  const { source, destination, known, budget, signal } = options;
  const flushed = await OffsetTable.read(source, [...new Set(known.map.map(({ from }) => from.broker))]);
  const reader = destination.openDestination();
  const translator = new Translator({ reader, budget, signal });
  const byTarget = new Map<string, Route[]>();
  for (const route of routes({ ...known, queues: known.map, skips: {} }))
    byTarget.set(queueKey(route.to), [...(byTarget.get(queueKey(route.to)) ?? []), route]);
  const repeats = new Map<string, number>();
  try {
    for (const { group, topic, broker, offsets } of rows)
      for (const [id, placed] of offsets) {
        const to = { topic, broker, id };
        const from = byTarget.get(queueKey(to)) ?? [];
        const positions = from.map((route) => {
          const { broker: of, id: queue } = route.from;
          return { source: route.source, offset: flushed.offset(group, topic, { broker: of, queue }) };
        });
        if (positions.length === 0 || positions.some(({ offset }) => offset === undefined)) continue;
        const { offset: end } = await translator.translate(to, positions);
        let messages = 0;
        await readMessages({ reader, queue: to, budget, signal }, placed, end, (message) => {
          if (hasPassed(propertiesOf(message), source.name)) messages++;
        });
        repeats.set(group, (repeats.get(group) ?? 0) + messages);
      }
  } finally {
    reader.close();
  }
  const stranded = await consumedOfStranded(new Set(rows.map(({ group }) => group)), flushed, options);
  const groups = [...new Set([...repeats.keys(), ...stranded.keys()])]
    .map((group): RepeatingGroup => ({ group, messages: repeats.get(group) ?? 0, stranded: stranded.get(group) ?? 0 }))
    .sort((a, b) => b.messages + b.stranded - a.messages - a.stranded);
  return {
    groups: groups.slice(0, LONGEST_LIST),
    more: Math.max(0, groups.length - LONGEST_LIST) + more,
    flushedEveryMs: FLUSHED_EVERY_MS,
  };
}

/** How many of the stranded messages each group had consumed. What must be read of a queue is read once for all groups. */
async function consumedOfStranded(
  groups: ReadonlySet<string>,
  flushed: OffsetTable,
  { stranded, source, destination, budget, signal }: RepeatsOptions,
): Promise<ReadonlyMap<string, number>> {
  const reader = source.openSource();
  const consumed = new Map<string, number>();
  const count = (group: string, messages: number) => consumed.set(group, (consumed.get(group) ?? 0) + messages);
  try {
    for (const { topic, broker, queue, from, to, messages } of stranded) {
      const places = [...groups]
        .map((group) => ({ group, offset: flushed.offset(group, topic, { broker, queue }) ?? 0 }))
        .filter(({ offset }) => offset > from);
      for (const { group, offset } of places) count(group, offset < to ? 0 : messages);
      const within = places.filter(({ offset }) => offset < to);
      const until = within.reduce((most, { offset }) => Math.max(most, offset), from);
      const place = { reader, queue: { topic, broker, id: queue }, budget, signal };
      await readMessages(place, from, until, (message) => {
        if (hasPassed(propertiesOf(message), destination.name)) return;
        for (const { group, offset } of within) if (message.queueOffset < offset) count(group, 1);
      });
    }
  } finally {
    reader.close();
  }
  return consumed;
}
