import type { RaiseEpoch } from '../../src/replication/commands.ts';
import type { CommandAnswer } from '../../src/replication/messages.ts';
import { done, refused } from './answers.ts';
import { causeOf } from './causes.ts';
import { ONLY_HOLDER, ownHold } from './hold.ts';
import { journalEpoch, knowledgeOf } from './journaling.ts';
import { standStill } from './lost-source.ts';
import type { Task } from './task.ts';
import type { Work } from './work.ts';

/** A direction gets a new owner (R12): pumps of the old epoch end, and none of them can begin again. */
export async function raiseEpoch(
  task: Task,
  work: Work,
  { flow: wanted, isLost = false, operationId }: RaiseEpoch,
): Promise<CommandAnswer> {
  if (!ownHold(task, operationId)) return refused(ONLY_HOLDER);
  const flow = task.flows.find(
    ({ source, destination }) => source === wanted.source && destination === wanted.destination,
  );
  if (!flow) return refused(`flow: it does not copy from ${wanted.source} to ${wanted.destination}`);
  if (isLost) return await standStill(task, work, flow);
  try {
    await work.of(flow).whileStopped(
      () => true,
      async () => {
        const epoch = flow.epoch + 1;
        await journalEpoch({ ...knowledgeOf(task, flow), epoch, revision: 0 });
        flow.epoch = epoch;
        flow.revision = 0;
      },
    );
    return done(task, { epoch: flow.epoch });
  } catch (error) {
    return refused(`it is not certain that it was done: ${causeOf(error)}; say it again`);
  }
}
