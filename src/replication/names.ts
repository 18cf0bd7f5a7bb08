/** Names of our own topics, groups and properties, and what names an operator may choose. */

export const PROPERTY_ORIGIN = 'REPL_ORIGIN';
export const PROPERTY_FROM = 'REPL_FROM';
export const PROPERTY_PATH = 'REPL_PATH';
export const PROPERTY_BORN = 'REPL_BORN';
/** Instead of `REPL_FROM` on a message that was quarantined and copied later: it is no evidence of how far copying got. */
export const PROPERTY_REDRIVEN = 'REPL_REDRIVEN';

/** On copies in retry topics: how often the message had been tried when it was copied. */
export const PROPERTY_TRIES = 'REPL_TRIES';

const OWN_PREFIX = 'REPLICATOR_';
/** One queue a cluster, in which every flow keeps what must survive Temporal (R12). */
export const JOURNAL_TOPIC = `${OWN_PREFIX}STATE`;

/** On each destination broker, with one queue: messages that the broker refuses for good, and what became of them. */
export const QUARANTINE_TOPIC = `${OWN_PREFIX}QUARANTINE`;

/** Neither holds `_` (it separates the parts of a group name) nor `:` (it separates the parts of `REPL_FROM`). */
export const REPLICATION_NAME = /^[A-Za-z0-9][A-Za-z0-9-]{0,47}$/;
export const CLUSTER_NAME = /^[A-Za-z0-9][A-Za-z0-9-]{0,23}$/;
/** What a broker accepts as a topic: 127 characters at most. */
export const TOPIC_NAME = /^[%|A-Za-z0-9_-]{1,127}$/;
/** What a broker accepts as a consumer group: 120 characters at most. */
export const GROUP_NAME = /^[%|A-Za-z0-9_-]{1,120}$/;

/** A flow: one direction of a replication. */
export interface Flow {
  readonly replication: string;
  readonly source: string;
  readonly destination: string;
}

/**
 * The consumer group under which a flow keeps its checkpoints and its locks, on both clusters.
 * Unambiguous because no part holds `_`; at most 11 + 48 + 1 + 24 + 1 + 24 = 109 characters.
 */
export function flowGroup(flow: Flow): string {
  return `${OWN_PREFIX}${flow.replication}_${flow.source}_${flow.destination}`;
}

/** Our own topics and groups are never copied, matched by patterns or synced. */
export function isOwnName(name: string): boolean {
  return name.startsWith(OWN_PREFIX);
}

export const WORKFLOW_ID_PREFIX = 'replication/';

export function workflowId(replication: string): string {
  return WORKFLOW_ID_PREFIX + replication;
}
