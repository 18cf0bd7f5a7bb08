import type { ReplicationInput } from '../../src/replication/input.ts';
import { NO_COUNTERS, type BlockedQueue } from '../../src/replication/messages.ts';
import { blockedQueues, layShards, newFlow, SHORT_LIVED, type FlowState } from './flow-state.ts';
import { newTask, type Task } from './task.ts';

/** Raised when a release carries state that an earlier one would misread. */
const FORMAT = 2;
/** Of 0.1: the one flow's state stood among the task's. */
const ONE_FLOW_FORMAT = 1;

/** At most this much of a replication is carried to its next run, so that every run starts small. Bytes of JSON. */
export const MAX_CARRIED_BYTES = 256 * 1024;

interface CarriedFlow extends Omit<FlowState, (typeof SHORT_LIVED)[number]> {
  readonly blocked: readonly BlockedQueue[];
}

type Kept = Omit<Task, 'name' | 'input' | 'flows'>;

/** What a run hands to the next one. */
export interface Carried extends Kept {
  readonly format: number;
  readonly flows: readonly CarriedFlow[];
}

type CarriedOneFlow = Kept & Omit<CarriedFlow, 'source' | 'destination'> & { readonly format: typeof ONE_FLOW_FORMAT };

/**
 * Takes along what the next run needs. Where that is too much, what can be found again goes first: the start offsets (`prepare` is run anew),
 * blocked queues (their pump reports them again), then the oldest answers, decisions and refusals, what was counted as repeated, skips, and groups
 * that a move has disabled.
 */
export function carry(task: Task): Carried {
  let carried: Carried = {
    ...without(task, 'name', 'input'),
    format: FORMAT,
    flows: task.flows.map(carriedFlow),
    audit: [...task.audit],
    answers: [...task.answers],
    refusals: [...task.refusals],
  };
  const eachFlow = (change: (flow: CarriedFlow) => CarriedFlow) => {
    carried = { ...carried, flows: carried.flows.map(change) };
  };
  const halve = (field: 'repeats' | 'skips') => {
    const had = carried.flows.some((flow) => Object.keys(flow[field]).length > 0);
    eachFlow((flow) => ({ ...flow, [field]: newestHalf<unknown>(flow[field]) }));
    return had;
  };
  const lighten: (() => boolean)[] = [
    () => {
      const had = carried.flows.some((flow) => canFindStarts(flow) && Object.keys(flow.starts).length > 0);
      if (had) eachFlow((flow) => (canFindStarts(flow) ? { ...flow, starts: {}, prepared: false } : flow));
      return had;
    },
    () => {
      const had = carried.flows.some(({ blocked }) => blocked.length > 0);
      eachFlow((flow) => ({ ...flow, blocked: [] }));
      return had;
    },
    () => dropOldest(carried.answers),
    () => dropOldest(carried.audit),
    () => dropOldest(carried.refusals),
    () => halve('repeats'),
    () => halve('skips'),
    () => {
      carried = without(carried, 'fenced');
      return false;
    },
  ];
  while (lighten.length > 0 && jsonBytes(carried) > MAX_CARRIED_BYTES) if (!lighten[0]!()) lighten.shift();
  return carried;
}

/** @throws Error for state of a later release: that fails the workflow task, which a worker of that release then does again. */
export function restore(name: string, input: ReplicationInput, given: Carried | CarriedOneFlow): Task {
  const { format, flows, ...kept } = isOfOneFlow(given) ? withFlows(input, given) : given;
  if (format !== FORMAT)
    throw new Error(`the state carried over has format ${format}, this worker reads ${FORMAT}: upgrade this worker`);
  return {
    ...newTask(name, input, kept.startedAt),
    ...kept,
    flows: flows.map((flow) => restoredFlow(flow, input.parallelism)),
  };
}

/** Those of a flow that was prepared are committed. */
function canFindStarts({ map }: CarriedFlow): boolean {
  return map.length > 0;
}

function carriedFlow(flow: FlowState): CarriedFlow {
  return { ...without(flow, ...SHORT_LIVED), blocked: blockedQueues(flow) };
}

function restoredFlow({ blocked, ...kept }: CarriedFlow, parallelism: number): FlowState {
  const flow = { ...newFlow(kept.source, kept.destination), ...kept };
  layShards(flow, parallelism, blocked);
  return flow;
}

function isOfOneFlow(carried: Carried | CarriedOneFlow): carried is CarriedOneFlow {
  return carried.format === ONE_FLOW_FORMAT;
}

function withFlows({ source, destination }: ReplicationInput, carried: CarriedOneFlow): Carried {
  const blank = without(newFlow(source, destination), ...SHORT_LIVED);
  const ofFlow = new Set([...Object.keys(blank), 'blocked']);
  const fields = Object.entries(carried);
  const flow = Object.fromEntries(fields.filter(([field]) => ofFlow.has(field))) as Partial<CarriedFlow>;
  const kept = Object.fromEntries(fields.filter(([field]) => !ofFlow.has(field))) as unknown as Kept;
  // a run of 0.1 did not count everything, nor always say that it had begun
  const counters = { ...NO_COUNTERS, ...flow.counters };
  const begun = flow.begun ?? (flow.map ?? []).length > 0;
  return { ...kept, format: FORMAT, flows: [{ ...blank, blocked: [], ...flow, begun, counters }] };
}

function without<T extends object, Field extends keyof T>(value: T, ...fields: readonly Field[]): Omit<T, Field> {
  const left: readonly PropertyKey[] = fields;
  return Object.fromEntries(Object.entries(value).filter(([field]) => !left.includes(field))) as Omit<T, Field>;
}

/** What was put in last stands last. */
function newestHalf<T>(byQueue: Readonly<Record<string, T>>): Record<string, T> {
  const entries = Object.entries(byQueue);
  return Object.fromEntries(entries.slice(Math.ceil(entries.length / 2)));
}

function dropOldest(list: unknown[]): boolean {
  list.splice(0, Math.ceil(list.length / 2));
  return list.length > 0;
}

/** UTF-8 bytes; the sandbox of workflows has a TextEncoder. */
function jsonBytes(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
