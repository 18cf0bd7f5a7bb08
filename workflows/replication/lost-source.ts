import { patched } from '@temporalio/workflow';
import type { Regain } from '../../src/replication/commands.ts';
import type { PlacedGroups } from '../../src/replication/failover/messages.ts';
import type { Asked, CommandAnswer } from '../../src/replication/messages.ts';
import { queueKey, topicsIn } from '../../src/replication/queue-map.ts';
import { done, refused, refusedForNow } from './answers.ts';
import { causeOf } from './causes.ts';
import { newFlow, passOver, type FlowState } from './flow-state.ts';
import { serveAt } from './group-sync.ts';
import { ONLY_HOLDER, ownHold } from './hold.ts';
import { journalEpoch, knowledgeOf } from './journaling.ts';
import { enter, type Task } from './task.ts';
import { cutOfSource, readPlaced, startsBack } from './way-back.ts';
import type { Work } from './work.ts';

/**
 * The application moves to the flow's destination while its source is lost. All or nothing: every pump ends, the direction gets a new owner (R12), and
 * where the destination ends by then is noted and journaled as the start of the way back. What is stranded on the source is not copied behind
 * what is produced meanwhile before somebody decides so.
 */
export async function standStill(task: Task, work: Work, flow: FlowState): Promise<CommandAnswer> {
  const { state, reason } = task;
  if (flow.map.length === 0)
    return refused(
      `it does not know which queues of ${flow.source} it copies: neither was it ever prepared, nor is it journaled on ${flow.destination}`,
    );
  enter(task, 'PAUSING', reason);
  await work.stop();
  const epoch = flow.epoch + 1;
  const primary = flow.destination;
  const owned = { ...knowledgeOf(task, flow), primary, epoch, revision: 0 };
  let placed: PlacedGroups | undefined;
  try {
    const back = await flowBack(task, flow);
    placed = await placedGroups(task, flow);
    const other = back ?? task.flows.find((known) => known !== flow)!;
    const others = { ...knowledgeOf(task, other), primary, revision: other.revision + 1 };
    await journalEpoch(owned, others);
    other.revision = others.revision;
    if (back) task.flows = [...task.flows, back];
    delete task.backFrom;
  } catch (error) {
    enter(task, state, reason);
    if (state !== 'PAUSED') work.start();
    return refused(`it is not certain that it was done: ${causeOf(error)}; say it again`);
  }
  Object.assign(flow, { epoch, revision: 0 });
  const since = new Date().toISOString();
  task.lost = { cluster: flow.source, since, ...(placed && { placed }) };
  serveAt(task, primary);
  enter(
    task,
    'PAUSED',
    `${flow.source} is lost since ${since}, ${flow.destination} serves; when it is back: replicator failback ${task.name}, or resume, which copies what is stranded there`,
  );
  return done(task, { epoch });
}

/** From where groups go on: what they consumed behind it on the lost source they get once more. Where that cannot be read the failover does without. */
async function placedGroups({ input }: Task, { destination, map }: FlowState): Promise<PlacedGroups | undefined> {
  if (input.groups.length === 0) return undefined;
  const topics = topicsIn(map);
  return await readPlaced({ cluster: destination, topics, groups: input.groups }).catch(() => undefined);
}

/** To be prepared when the lost cluster is back. A task that copies both ways has it already, and it goes on where it stands. */
async function flowBack(task: Task, flow: FlowState): Promise<FlowState | undefined> {
  if (task.flows.length > 1) return undefined;
  return { ...newFlow(flow.destination, flow.source), starts: await startsBack(task, flow), begun: true };
}

/** The lost source is back, and what becomes of what is stranded there is decided. */
export function regain(task: Task, work: Work, { leave, reason, operationId }: Regain): CommandAnswer {
  if (!ownHold(task, operationId)) return refused(ONLY_HOLDER);
  const { lost } = task;
  if (!lost) return refused('none of its clusters counts as lost');
  const flow = task.flows.find(({ source }) => source === lost.cluster)!;
  for (const { topic, broker, queue, from, to } of leave)
    passOver(flow, queueKey({ topic, broker, id: queue }), from, to);
  startAnew(task, work, reason);
  return done(task);
}

/** On an operator's word. What is stranded on a source that was lost is copied then, so it has to be back: until then a failback can still decide otherwise. */
export async function resume(task: Task, work: Work, { reason }: Asked): Promise<CommandAnswer> {
  if (task.state !== 'PAUSED') return done(task);
  const { lost } = task;
  const flow = lost && task.flows.find(({ source }) => source === lost.cluster);
  try {
    if (flow && patched('resume-asks-lost-source')) await cutOfSource(flow);
  } catch (error) {
    return refusedForNow(
      `${flow!.source}, which was lost, is not back: ${causeOf(error)}; wait for it, then: replicator failback ${task.name}, or resume, which copies what is stranded there`,
    );
  }
  startAnew(task, work, reason);
  return done(task);
}

/** Prepares anew, because queues may have been added meanwhile, and goes on copying. */
function startAnew(task: Task, work: Work, reason: string | undefined): void {
  delete task.lost;
  for (const flow of task.flows) flow.prepared = false;
  enter(task, 'STARTING', reason);
  work.start();
}
