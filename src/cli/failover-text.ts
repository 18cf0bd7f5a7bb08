import { ENABLED_BY_HAND, WRITABLE_BY_HAND } from '../replication/failover/by-hand.ts';
import type {
  GroupRepeats,
  FailoverResult,
  FailoverStatus,
  MovedGroups,
  StepStatus,
  StrandedTail,
} from '../replication/failover/messages.ts';
import { grouped } from './output.ts';

/** What of a failover can be shown while it is under way. */
type Shown = Pick<FailoverStatus, 'replication' | 'steps' | 'warnings'> &
  Partial<Pick<FailoverStatus, 'waitingFor' | 'state' | 'toPutBack'>>;

/** Prints each step once when it begins and once when it ends, and what somebody has to say. */
export class Progress {
  readonly #print: (line: string) => void;
  readonly #shown = new Set<string>();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  show({ replication, steps, warnings, waitingFor, state, toPutBack }: Shown): void {
    for (const warning of warnings) this.#once(`warning: ${warning}`);
    if (state === 'UNDOING' && toPutBack)
      this.#once(`putting back what follows; whoever terminates it before does the rest by hand${listed(toPutBack)}`);
    for (const step of steps) this.#step(step);
    if (waitingFor)
      this.#once(
        `waiting: replicator failover ${replication} --send ${waitingFor} goes on, --send abort puts everything back`,
      );
  }

  #step({ name, state, does, tookMs, result }: StepStatus): void {
    if (state === 'planned' || state === 'skipped') return;
    this.#once(`${name}: ${does}`);
    if (result !== undefined) this.#once(`${name}: ${tookMs === undefined ? '' : `${seconds(tookMs)}, `}${result}`);
    if (state === 'undone') this.#once(`${name}: put back`);
  }

  #once(line: string): void {
    if (this.#shown.has(line)) return;
    this.#shown.add(line);
    this.#print(line);
  }
}

export function failoverText(result: FailoverResult): string {
  const {
    outcome,
    replication,
    mode,
    problems,
    warnings,
    strandedTail,
    repeats,
    writePauseMs,
    readPauseMs,
    groups,
    openedAt,
  } = result;
  const lines = [`${mode} of ${replication}: ${outcomeText(result)}`, ...problems.map((problem) => `  ${problem}`)];
  if (outcome !== 'refused' && warnings.length > 0) lines.push(...warnings.map((warning) => `  warning: ${warning}`));
  if (strandedTail) lines.push(...tailText(strandedTail));
  if (repeats) lines.push(...repeatLines(repeats, strandedTail?.policy));
  if (openedAt !== undefined) lines.push(`  open to producers since ${openedAt}`);
  if (writePauseMs !== undefined) lines.push(`  write pause ${grouped(writePauseMs)} ms`);
  if (readPauseMs !== undefined) lines.push(`  read pause ${grouped(readPauseMs)} ms`);
  if (groups) lines.push(...groupLines(groups));
  return lines.join('\n');
}

function repeatLines({ groups }: GroupRepeats, policy: StrandedTail['policy'] | undefined): string[] {
  return groups.flatMap(({ group, messages, stranded }) => [
    ...(messages > 0
      ? [`  group ${group} got ${grouped(messages)} messages twice, by the offsets that the source had flushed`]
      : []),
    ...(stranded > 0 && policy !== 'leave'
      ? [
          `  group ${group} had consumed ${grouped(stranded)} of what was stranded, and gets them again once they are copied`,
        ]
      : []),
  ]);
}

/** Groups of which there is something to say; why one was not moved is among the problems. */
function groupLines({ groups, more }: MovedGroups): string[] {
  const lines = groups.flatMap(({ group, mayRepeat = 0, silent = 0, unseen, syncedAt, disabled = false }) => [
    ...(disabled
      ? [`  group ${group}: it was disabled on the source, and stays so; enable it where it is to consume`]
      : []),
    ...(mayRepeat > 0 ? [`  group ${group}: ${grouped(mayRepeat)} messages may be seen again`] : []),
    ...(silent > 0 ? [`  group ${group}: ${silent} of its consumers did not tell what they had fetched`] : []),
    ...(unseen === undefined ? [] : [`  group ${group}: it may have consumers behind proxies: ${unseen}`]),
    ...(syncedAt === undefined
      ? []
      : [`  group ${group}: in step last at ${syncedAt}; what it consumed since is seen again`]),
  ]);
  return more > 0 ? [...lines, `  and ${more} more groups`] : lines;
}

function outcomeText({ outcome, steps, notUndone = [] }: FailoverResult): string {
  if (notUndone.length > 0) return `${outcome}, but not everything could be put back: ${notUndone.join(', ')}`;
  return outcome === 'aborted' && isDone(steps, 'regain')
    ? 'aborted; the replication copies both ways, and moves home later with a switchover'
    : OUTCOMES[outcome];
}

function tailText({ messages, queues, list, more, policy }: StrandedTail): string[] {
  const lines = [
    `  stranded: ${grouped(messages)} messages in ${queues.length + more.queues} queues; policy: ${policy}`,
  ];
  for (const { topic, broker, queue, offset, storedAt, messageId, keys } of list)
    lines.push(
      `    ${topic}/${broker}/${queue} offset ${offset} of ${storedAt} ${[messageId, keys].filter(Boolean).join(' ')}`,
    );
  if (more.messages > 0) lines.push(`    and ${grouped(more.messages)} more`);
  return lines;
}

/** Why no second one can begin, and how to end the one that runs. `undefined`: no worker answers. */
export function runsAlreadyText(replication: string, status: FailoverStatus | undefined): string {
  const shown = `replicator failover ${replication} --follow shows it`;
  const terminate = `temporal workflow terminate -w failover/${replication}`;
  const release = `replicator release ${replication}`;
  if (!status) return `a failover of ${replication} runs already; ${shown} once a worker answers`;
  const { state, pastPointOfNoReturn, mode, steps, toPutBack = [] } = status;
  if (state === 'UNDOING')
    return `a failover of ${replication} is putting everything back, which it gives up after some minutes; ${shown}; to end it now: ${terminate}, then do by hand${listed(toPutBack)}`;
  if (!pastPointOfNoReturn) return `a failover of ${replication} runs already; ${shown}, --send abort ends it`;
  const forward = `a failover of ${replication} is behind its point of no return and only goes forward; ${shown}`;
  if (mode !== 'failover' || !isDone(steps, 'raise-epoch'))
    return `${forward}; if a cluster is lost that it waits for: ${terminate}, then ${release}`;
  const tried = steps.find((step) => step.state === 'running');
  return (
    `${forward}${tried ? `; it is at ${tried.name}: ${tried.does}` : ''}; wait for it: a second one cannot take over, because the destination serves already. ` +
    `If it must be ended: ${terminate}, then ${release}, and on the destination for its topics: ${WRITABLE_BY_HAND}; for its groups: ${ENABLED_BY_HAND}`
  );
}

/** What whoever terminated a failover does by hand; empty where nothing is known to be left. */
export function leftText(status: FailoverStatus | undefined): string {
  return status?.toPutBack ? `; not put back, do by hand${listed(status.toPutBack)}` : '';
}

function listed(lines: readonly string[]): string {
  return `:${lines.map((line) => `\n  ${line}`).join('')}`;
}

function isDone(steps: readonly StepStatus[], step: string): boolean {
  return steps.some(({ name, state }) => name === step && state === 'done');
}

const OUTCOMES: Readonly<Record<FailoverResult['outcome'], string>> = {
  done: 'done',
  incomplete: 'the application has moved, but something is left to do',
  'dry-run': 'dry run, nothing was changed; no problem was found',
  refused: 'refused, nothing was changed',
  aborted: 'aborted, everything is as it was',
};

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
