import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  patched,
  workflowInfo,
} from '@temporalio/workflow';
import type { ReplicationResult } from '../src/replication/messages.ts';
import { carry, type Carried } from './replication/carried.ts';
import { execute } from './replication/execute.ts';
import { Inbox } from './replication/inbox.ts';
import { keepJournal } from './replication/journaling.ts';
import { listen } from './replication/listen.ts';
import { openTask } from './replication/open.ts';
import { Publisher } from './replication/publish.ts';
import { resultOf } from './replication/views.ts';
import type { Task } from './replication/task.ts';
import { Work } from './replication/work.ts';

/**
 * One replication, from `start` to `stop`: prepares both clusters, keeps a pump at work on each shard, and carries out commands one after the
 * other. Lives as long as operators want, in runs of bounded history.
 * @param input a `ReplicationConfig`; wrong input fails the workflow at once, naming the fields
 * @param carried only from the run before
 */
export async function replication(input: unknown, carried?: Carried): Promise<ReplicationResult> {
  // before anything is awaited: where in a history a patch is looked for must not depend on when answers came
  const journals = patched('journal');
  const task = openTask(input, carried);
  const inbox = new Inbox(task, () => new Date().toISOString());
  const publisher = new Publisher(task);
  const changed = () => {
    publisher.publish();
  };
  const work = new Work(task, changed);
  listen(task, inbox, changed);
  stopWhenCancelled(inbox);
  return await CancellationScope.nonCancellable(async () => {
    await publisher.learnSearchAttributes();
    const journaling = new CancellationScope();
    const journaled = journals ? journaling.run(() => keepJournal(task)) : Promise.resolve();
    if (task.state !== 'PAUSED') work.start();
    await carryOutCommands(task, inbox, work, changed);
    journaling.cancel();
    await journaled;
    // last, so that nothing is awaited between a look at what came meanwhile and the end of this run
    await carryOutRest(task, inbox, work, changed);
    if (task.state === 'STOPPED') return resultOf(task);
    return await continueAsNew<typeof replication>(task.input, carry(task));
  });
}

/** The one loop. Returns when the task is stopped, or when this run should end and nothing is under way any more. */
async function carryOutCommands(task: Task, inbox: Inbox, work: Work, changed: () => void): Promise<void> {
  const isOver = () => task.state === 'STOPPED' || work.failure !== undefined || workflowInfo().continueAsNewSuggested;
  while (!isOver()) {
    await condition(() => !inbox.isEmpty || isOver());
    await inbox.executeNext((command) => execute(task, work, command));
    changed();
  }
  await work.end();
  await carryOutRest(task, inbox, work, changed);
  if (work.failure) throw work.failure;
}

/** Whoever waits for an answer gets it from this run, and a `stop` that came while the run ended still counts. */
async function carryOutRest(task: Task, inbox: Inbox, work: Work, changed: () => void): Promise<void> {
  while (!inbox.isEmpty || !allHandlersFinished()) {
    await inbox.executeNext((command) => execute(task, work, command));
    await condition(() => !inbox.isEmpty || allHandlersFinished());
  }
  changed();
}

/** An operator who cancels the workflow means `stop`. */
function stopWhenCancelled(inbox: Inbox): void {
  void CancellationScope.current().cancelRequested.catch(() => {
    inbox.put({ name: 'stop', input: { reason: 'the workflow was cancelled' } });
  });
}
