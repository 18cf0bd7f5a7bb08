import { z } from 'zod';
import { replicationInput, type ReplicationInput } from './input.ts';
import type { Asked, CommandName } from './messages.ts';
import { CLUSTER_NAME, TOPIC_NAME } from './names.ts';
import { problemsOf, sentence } from './problems.ts';

/** What each command takes: at most one JSON object. The limits keep the audit small enough to ride in workflow state. */

const asked = {
  by: z.string().max(200).optional(),
  reason: z.string().max(500).optional(),
  operationId: z.string().min(1).max(200).optional(),
};

const plain = z.strictObject(asked);

const offset = z.int().min(0);
const cluster = z.string().regex(CLUSTER_NAME, 'expected the name of a cluster');
const topic = z.string().regex(TOPIC_NAME, 'expected a topic name');

export const stopInput = z.strictObject({
  ...asked,
  /** It is not to be started again: its consumer groups are removed from both clusters. */
  retire: z.boolean().optional(),
});
export type Stop = z.output<typeof stopInput>;

/** The queue that is meant: by its topic and number on the source of its flow. */
const queue = {
  topic,
  /** Cluster of the queue; needed where it is blocked in both directions. */
  source: cluster.optional(),
  /** Broker of the source queue; needed where queues of several brokers with this number are blocked. */
  broker: z.string().min(1).max(255).optional(),
  queue: offset,
};

export const skipGapInput = z.strictObject({
  ...asked,
  ...queue,
  /** First source offset to copy again; by default the first one that is still there. Needed behind a message that cannot be copied. */
  to: offset.optional(),
});
export type SkipGap = z.output<typeof skipGapInput>;

export const rescaleInput = z.strictObject({ ...asked, parallelism: replicationInput.shape.parallelism.unwrap() });
export type Rescale = z.output<typeof rescaleInput>;

/** Any fields of a replication, in the form that they have in its input; those that are left out stay as they are. */
export const updateConfigInput = z.strictObject({
  ...asked,
  ...Object.fromEntries(
    Object.entries(replicationInput.shape).map(([field, schema]) => [field, withoutDefault(schema).optional()]),
  ),
}) as unknown as z.ZodType<UpdateConfig>;
export type UpdateConfig = Asked & Partial<ReplicationInput>;

function withoutDefault(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType) : schema;
}

export const redriveInput = z.strictObject({ ...asked, topic });
export type Redrive = z.output<typeof redriveInput>;

export const acceptHistoryInput = z.strictObject({
  ...asked,
  ...queue,
  /** First source offset to copy; by default the first one that differs from what was copied. */
  from: offset.optional(),
});
export type AcceptHistory = z.output<typeof acceptHistoryInput>;

export const remapInput = z.strictObject({
  ...asked,
  ...queue,
  /** Broker of the destination queue; by default the one that the queue was copied to. */
  toBroker: z.string().min(1).max(255).optional(),
  toQueue: offset,
  /** First source offset to copy there; by default the next one. */
  fromOffset: offset.optional(),
});
export type Remap = z.output<typeof remapInput>;

const ends = z.array(z.strictObject({ topic, broker: z.string(), ends: z.array(offset) }));

export const reverseInput = z.strictObject({
  ...asked,
  /** Where the destination's queues ended when it was opened for producers; by default as noted (`noteEnds`), else where they end now. */
  from: ends.optional(),
});
export type Reverse = z.output<typeof reverseInput>;

/** While it is held, others' commands are refused; those whose `operationId` begins with the holder's and `/` are the holder's own. */
export const holdInput = z.strictObject({ ...asked, by: asked.by.unwrap(), operationId: asked.operationId.unwrap() });
export type Hold = z.output<typeof holdInput>;

export const noteEndsInput = z.strictObject({
  ...asked,
  /** Where the destination's queues end before it is opened for producers; absent: what this holder has noted does not count, because it was not opened. */
  ends: ends.optional(),
});
export type NoteEnds = z.output<typeof noteEndsInput>;

export const raiseEpochInput = z.strictObject({
  ...asked,
  flow: z.strictObject({ source: cluster, destination: cluster }),
  /** Its source is lost, and the application moves: nothing is copied either way until `regain` or `resume`. */
  isLost: z.boolean().optional(),
});
export type RaiseEpoch = z.output<typeof raiseEpochInput>;

export const regainInput = z.strictObject({
  ...asked,
  /** Source queues of the lost cluster, and the offsets that are not to be copied: from `from` up to `to` (exclusive). */
  leave: z
    .array(z.strictObject({ topic, broker: z.string().min(1).max(255), queue: offset, from: offset, to: offset }))
    .default([]),
});
export type Regain = z.output<typeof regainInput>;

export const groupsOfFlowInput = z.strictObject({
  ...asked,
  flow: z.strictObject({ source: cluster, destination: cluster }),
  /** Names, not patterns. */
  groups: z.array(z.string().min(1).max(255)),
});
export type GroupsOfFlow = z.output<typeof groupsOfFlowInput>;

export const COMMAND_INPUTS = {
  pause: plain,
  resume: plain,
  stop: stopInput,
  skipGap: skipGapInput,
  reverse: reverseInput,
  rescale: rescaleInput,
  redrive: redriveInput,
  updateConfig: updateConfigInput,
  release: plain,
  remap: remapInput,
  acceptHistory: acceptHistoryInput,
  hold: holdInput,
  noteEnds: noteEndsInput,
  raiseEpoch: raiseEpochInput,
  regain: regainInput,
  claimGroups: groupsOfFlowInput,
  placeGroups: groupsOfFlowInput,
} as const satisfies Record<CommandName, z.ZodType>;

/** One line each, shown by the Temporal UI and CLI beside the handler's name. */
export const COMMAND_DESCRIPTIONS: Readonly<Record<CommandName, string>> = {
  pause: 'Stop copying until `resume`; positions are kept.',
  resume: 'Go on copying after `pause`.',
  stop: 'Stop copying and end this workflow; a new start goes on exactly where it stood. { retire: true } cleans up, for good.',
  skipGap:
    'Go on behind source offsets that are gone, or (with `to`) behind a message that cannot be copied: { topic, queue, source?, broker?, to? }.',
  reverse:
    'Turn the direction: what is produced on the destination is copied back, what still arrives on the source goes on.',
  rescale: 'Deal the queues out anew over so many shards: { parallelism }.',
  redrive: 'Try again what the destination refused: messages in quarantine, and queues that one blocks: { topic }.',
  updateConfig: 'Change fields of the input that may change while it runs; the others stay as they are.',
  release: 'End the hold of a failover, whether it still works or not.',
  remap:
    'Copy a queue whose destination queue is gone into another one: { topic, queue, source?, broker?, toQueue, toBroker?, fromOffset? }.',
  acceptHistory:
    'Go on although the source holds something else than what was copied: { topic, queue, source?, broker?, from? }.',
  hold: 'For failovers: refuse the commands of everybody else until `release`: { by, operationId }.',
  noteEnds:
    'For failovers: where the destination ends; from there on `reverse`, or a failover, copies back, whenever that comes: { ends? }.',
  raiseEpoch: 'For failovers: have every pump of a flow end before others begin: { flow: { source, destination } }.',
  regain: 'For failbacks: the lost source is back; copy both ways, but for what stays where it is: { leave? }.',
  claimGroups:
    'For failovers: leave all consumer groups alone until `release`, and remember that these are about to be disabled: { flow: { source, destination }, groups }.',
  placeGroups:
    'For failovers: put consumer groups exactly where they stand on the source, and leave all of them alone until `release`: { flow: { source, destination }, groups }.',
};

export type Command = {
  [Name in CommandName]: { readonly name: Name; readonly input: z.output<(typeof COMMAND_INPUTS)[Name]> };
}[CommandName];

/** Reads what came with a signal or an update. `problems` are sentences for whoever sent it. */
export function readCommand(
  name: CommandName,
  args: readonly unknown[],
): { command: Command } | { problems: string[] } {
  if (args.length > 1) return { problems: [`input: expected at most one JSON object, found ${args.length} values`] };
  const value = args[0] ?? {};
  const read = COMMAND_INPUTS[name].safeParse(value);
  if (!read.success) return { problems: problemsOf(read.error, value).map(sentence) };
  return { command: { name, input: read.data } as Command };
}
