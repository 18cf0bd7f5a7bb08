import {
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow';
import type { ZodType } from 'zod';
import { COMMAND_DESCRIPTIONS, readCommand } from '../../src/replication/commands.ts';
import { GROUPS_REPORT, type GroupsView } from '../../src/replication/group-progress.ts';
import {
  COMMANDS,
  PUMP_REPORT,
  type AuditEntry,
  type CommandAnswer,
  type CommandName,
  type PositionsPage,
  type ReplicationStatus,
} from '../../src/replication/messages.ts';
import { problemsOf, sentence } from '../../src/replication/problems.ts';
import { wrongInput } from '../wrong-input.ts';
import { applyGroupsReport, groupsOf, groupsReport } from './group-sync.ts';
import type { Inbox } from './inbox.ts';
import { applyReport, pumpReport } from './reports.ts';
import { refuse, type Task } from './task.ts';
import { positionsOf, statusOf } from './views.ts';

/** An update that takes longer is answered with its operation, so that callers need not wait for more than 30 s. */
const ANSWER_WITHIN = '25s';

/**
 * Sets the handlers of all signals, updates and queries. They only enqueue and note: what they threw would fail the workflow (or its task, for
 * ever), and what they waited for would hold up continuing as new.
 */
export function listen(task: Task, inbox: Inbox, changed: () => void): void {
  for (const name of COMMANDS) {
    setHandler(
      defineSignal<unknown[]>(name),
      (...args) => {
        onSignal(task, inbox, name, args);
        changed();
      },
      {
        description: COMMAND_DESCRIPTIONS[name],
      },
    );
    setHandler(defineUpdate<CommandAnswer, unknown[]>(name), (...args) => onUpdate(inbox, name, args), {
      description: COMMAND_DESCRIPTIONS[name],
      validator: (...args) => {
        const read = readCommand(name, args);
        if ('problems' in read) throw wrongInput(read.problems.join('; '));
      },
    });
  }
  const onReport = <T>(name: string, shape: ZodType<T>, description: string, apply: (report: T) => void) => {
    const handle = (report: unknown) => {
      const read = shape.safeParse(report);
      if (read.success) apply(read.data);
      else refuse(task, name, {}, problemsOf(read.error, report).map(sentence).join('; '), now());
      changed();
    };
    setHandler(defineSignal<unknown[]>(name), handle, { description });
  };
  onReport(PUMP_REPORT, pumpReport, 'For the pumps of this replication.', (report) => {
    applyReport(task, report, now());
  });
  onReport(GROUPS_REPORT, groupsReport, 'For the sync of this replication.', (report) => {
    applyGroupsReport(task, report);
  });
  setDefaultSignalHandler((name) => {
    refuse(task, name.slice(0, 100), {}, `no such signal; known signals: ${COMMANDS.join(', ')}`, now());
    changed();
  });
  setHandler(defineQuery<ReplicationStatus>('status'), () => statusOf(task), {
    description: 'State, health, blocked queues, counters, troubles, refusals.',
  });
  setHandler(defineQuery<PositionsPage, unknown[]>('positions'), (input) => positionsOf(task, firstOf(input)), {
    description: 'Where each queue stands: { from? } begins at that queue of the map.',
  });
  setHandler(defineQuery<GroupsView>('groups'), () => groupsOf(task), {
    description: 'Where consumer groups stand on both sides, and why one is not in step; as of a minute ago at most.',
  });
  setHandler(defineQuery<readonly AuditEntry[]>('audit'), () => task.audit, {
    description: 'The last 200 decisions: what was asked, by whom, why, and what came of it.',
  });
}

function onSignal(task: Task, inbox: Inbox, name: CommandName, args: unknown[]): void {
  const read = readCommand(name, args);
  if ('command' in read) inbox.put(read.command);
  else refuse(task, name, {}, read.problems.join('; '), now());
}

async function onUpdate(inbox: Inbox, name: CommandName, args: unknown[]): Promise<CommandAnswer> {
  const read = readCommand(name, args);
  if ('problems' in read) return { done: false, reason: read.problems.join('; ') };
  const operation = inbox.put(read.command);
  // a workflow that is cancelled stops, and whoever asked before or meanwhile is answered all the same
  await CancellationScope.nonCancellable(() => condition(() => operation.answer !== undefined, ANSWER_WITHIN));
  const { id, answer } = operation;
  return (
    answer ?? { done: false, reason: `${name} is still under way; ask again with this operationId`, operation: id }
  );
}

function firstOf(input: unknown): number {
  const from = (input as { from?: unknown } | null | undefined)?.from ?? 0;
  if (typeof from === 'number' && Number.isInteger(from) && from >= 0) return from;
  throw wrongInput('positions: from: expected a whole number from 0 on');
}

function now(): string {
  return new Date().toISOString();
}
