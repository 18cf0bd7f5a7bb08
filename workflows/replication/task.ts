import type { ReplicationInput } from '../../src/replication/input.ts';
import type {
  Asked,
  AuditEntry,
  CommandAnswer,
  CommandName,
  LostSource,
  ReplicationState,
} from '../../src/replication/messages.ts';
import { newFlow, type FlowState } from './flow-state.ts';

/** What a replication knows. All of it is carried over when the workflow continues as new. */
export interface Task {
  readonly name: string;
  /** As of the last `updateConfig` or `rescale`. */
  input: ReplicationInput;
  /** ISO 8601; of the first run. */
  readonly startedAt: string;
  state: ReplicationState;
  /** Why it is in this state, where somebody said so. */
  reason?: string;
  /** The cluster where the application is served, and that the primary direction copies from, once it was moved; the input's source before. */
  primary?: string;
  /** A failover has moved the application: nothing is copied either way until that is decided on. */
  lost?: LostSource;
  /** Somebody's exclusive right to command it. */
  hold?: Hold;
  /** Of a one-way task: where the way back begins, if there is to be one. Noted before the destination is opened, so that nothing is left out however late it comes. */
  backFrom?: BackFrom;
  /** Groups that a move has disabled where the application is served, and that nobody has enabled there since, as far as is known. */
  fenced?: readonly string[];
  /** The first one copies from the input's source to its destination. */
  flows: readonly FlowState[];
  audit: AuditEntry[];
  refusals: string[];
  /** Answers by operation, so that the same operation is carried out only once. */
  answers: Answered[];
  /** How many pumps and operations were begun, so that each has a name of its own. */
  pumpsBegun: number;
  operationsBegun: number;
}

export interface Hold {
  readonly by: string;
  readonly operationId: string;
  /** ISO 8601. */
  readonly since: string;
  /** The holder moves consumer groups itself from now on: no sync of ours does. */
  ownsGroups?: true;
}

export interface BackFrom {
  /** `operationId` of the hold under which it was noted. */
  readonly by: string;
  /** By `queueKey` of the destination's queues. */
  readonly starts: Readonly<Record<string, number>>;
}

export interface Answered {
  readonly operationId: string;
  readonly command: CommandName;
  readonly answer: CommandAnswer;
}

const LAST_DECISIONS = 200;
const LAST_REFUSALS = 20;
/** A text may name thousands of topics, and is carried over. Characters. */
const LONGEST_TEXT = 2000;

export function newTask(name: string, input: ReplicationInput, now: string): Task {
  return {
    name,
    input,
    startedAt: now,
    state: 'STARTING',
    flows: flowsOf(input),
    audit: [],
    refusals: [],
    answers: [],
    pumpsBegun: 0,
    operationsBegun: 0,
  };
}

function flowsOf({ source, destination, mode }: ReplicationInput): FlowState[] {
  const there = newFlow(source, destination);
  return mode === 'two-way' ? [there, newFlow(destination, source)] : [there];
}

/** Its pumps are to be at work. */
export function isCopying({ state }: Task): boolean {
  return state === 'RUNNING' || state === 'REVERSING';
}

export function enter(task: Task, state: ReplicationState, reason?: string): void {
  task.state = state;
  if (reason === undefined) delete task.reason;
  else task.reason = shortened(reason);
}

/** Keeps the decision for the query `audit`. */
export function record(task: Task, command: string, asked: Asked, result: string, now: string): void {
  const { by, reason, operationId } = asked;
  task.audit.push({
    at: now,
    command,
    ...(by !== undefined && { by }),
    ...(reason !== undefined && { reason }),
    ...(operationId !== undefined && { operationId }),
    result,
  });
  keepLast(task.audit, LAST_DECISIONS);
}

/** Keeps what could not be carried out or understood, for `status` and the audit. */
export function refuse(task: Task, command: string, asked: Asked, why: string, now: string): void {
  const text = shortened(why);
  task.refusals.push(`${now} ${command}: ${text}`);
  keepLast(task.refusals, LAST_REFUSALS);
  record(task, command, asked, `refused: ${text}`, now);
}

/** Whoever asks now is told everything; a reason is shortened for who asks again. */
export function remember(task: Task, answered: Answered): void {
  const { answer } = answered;
  const kept = answer.done ? answer : { ...answer, reason: shortened(answer.reason) };
  task.answers.push({ ...answered, answer: kept });
  keepLast(task.answers, LAST_DECISIONS);
}

function keepLast(list: unknown[], count: number): void {
  if (list.length > count) list.splice(0, list.length - count);
}

function shortened(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)} ...`;
}
