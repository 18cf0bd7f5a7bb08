import type { UpdateConfig } from '../../src/replication/commands.ts';
import { configChange } from '../../src/replication/config-change.ts';
import { notAvailableYet, replicationInput, type ReplicationInput } from '../../src/replication/input.ts';
import type { CommandAnswer } from '../../src/replication/messages.ts';
import type { Prepared } from '../../src/replication/preparation.ts';
import { problemsOf, sentence } from '../../src/replication/problems.ts';
import { isRetryTopic } from '../../src/replication/retry-topics.ts';
import { choosesTopic } from '../../src/replication/topic-pattern.ts';
import { done, refused } from './answers.ts';
import { causeOf } from './causes.ts';
import type { FlowState } from './flow-state.ts';
import { adopt } from './preparing.ts';
import type { Task } from './task.ts';
import type { Work } from './work.ts';

/** Changes of these may ask for topics that are not there yet (those that are copied, retry topics, the quarantine), or open a second way. */
const PREPARED: ReadonlySet<string> = new Set(['topics', 'exclude', 'groups', 'onPoison']);

/** Changes fields of the input while the replication runs, all of them or none. Only the pumps concerned are restarted. */
export async function updateConfig(task: Task, work: Work, given: UpdateConfig): Promise<CommandAnswer> {
  const input = merged(task.input, given);
  const { fields, refused: fixed } = configChange(task.input, input);
  if (fields.length === 0) return done(task);
  const problems = fixed.length > 0 ? fixed.map(({ reason }) => reason) : problemsWith(task, input);
  if (problems.length > 0) return refused(problems.join('; '));
  if (fields.some((field) => PREPARED.has(field))) {
    const trouble = await prepareFor(task, work, input);
    if (trouble !== undefined) return refused(trouble);
  }
  task.input = input;
  if (fields.includes('parallelism')) await work.rescale();
  else await work.follow();
  return done(task);
}

function merged(input: ReplicationInput, given: UpdateConfig): ReplicationInput {
  const changes = Object.entries(given).filter(([name]) => name in replicationInput.shape);
  return { ...input, ...(Object.fromEntries(changes) as Partial<ReplicationInput>) };
}

function problemsWith(task: Task, input: ReplicationInput): string[] {
  const read = replicationInput.safeParse(input);
  if (!read.success) return problemsOf(read.error, input).map(sentence);
  const lost = [...new Set(task.flows.flatMap(({ map }) => map.map(({ topic }) => topic)))].filter(
    (topic) => !choosesTopic(input, topic) && !isRetryTopic(topic),
  );
  return [
    ...notAvailableYet(input),
    ...(lost.length > 0 ? [`exclude: leaves out ${lost.join(', ')}; taking topics away needs stop and start`] : []),
  ];
}

/**
 * Topics that are added begin at the replication's `start`. One try, whose outcome is known before anything changes. Answers with what keeps them
 * from being added, or the quarantine from being created.
 */
async function prepareFor(task: Task, work: Work, input: ReplicationInput): Promise<string | undefined> {
  // two at a time would each decide a map
  const interrupted = task.state === 'STARTING';
  if (interrupted) await work.stop();
  try {
    const prepared: [FlowState, Prepared][] = [];
    for (const flow of task.flows) prepared.push([flow, await work.of(flow).prepare(input, false)]);
    for (const [flow, found] of prepared) adopt(task, flow, found);
    return undefined;
  } catch (error) {
    return causeOf(error);
  } finally {
    if (interrupted && !isPaused(task)) work.start();
  }
}

/** Asked anew: what was interrupted may have given up meanwhile. */
function isPaused(task: Task): boolean {
  return task.state === 'PAUSED';
}
