import { ApplicationFailure } from '@temporalio/workflow';
import type { LostSurvey } from '../../activities/failover/types.ts';
import type { FailoverResult } from '../../src/replication/failover/messages.ts';
import { attempted, insisted } from './activities.ts';
import { command, holder, Hold } from './commands.ts';
import type { Course } from './course.ts';
import { enableGroups } from './groups.ts';
import { open } from './switchover.ts';

/** The source is lost: the direction gets a new owner, the destination is opened as it is, and what is missing is told as far as it is known. */
export async function sourceLost(course: Course): Promise<FailoverResult> {
  const { input } = course;
  let survey: LostSurvey | undefined;
  const arrived = await course.forwardOrBack(async () => {
    const hold = new Hold(input);
    await course.step(
      'hold',
      () => hold.take(),
      () => 'held',
      hold.undo,
    );
    survey = await surveyLost(course, holder(input));
    await course.confirmed();
    const { source, destination } = survey;
    course.passPointOfNoReturn();
    // all or nothing: where it is refused, the replication goes on as before
    await course.step('raise-epoch', () =>
      command(input, 'raiseEpoch', { flow: { source, destination }, isLost: true }),
    );
  });
  if (!arrived || !survey) return course.end(course.hasBegun('raise-epoch') ? 'aborted' : 'refused');
  await open(course, survey);
  await enableGroups(course, survey);
  const { source, destination } = survey;
  await course.attempt(
    'report',
    async () => {
      course.rpo = await insisted.readLastCopies({ replication: input.replication, source, destination });
    },
    'the destination is open all the same',
  );
  await course.attempt('release', () => command(input, 'release'), `replicator release ${input.replication}`);
  return course.end(course.problems.length === 0 ? 'done' : 'incomplete');
}

/** @throws ApplicationFailure with every problem */
export async function surveyLost(course: Course, heldBy?: string): Promise<LostSurvey> {
  const { replication } = course.input;
  const survey = await course.step(
    'survey',
    () => attempted.surveyLost({ replication, ...(heldBy !== undefined && { heldBy }) }),
    ({ source, destination, topics }) => `${topics.length} topics from ${source}, which is lost, to ${destination}`,
  );
  course.warnings.push(...survey.warnings);
  if (survey.problems.length > 0) throw ApplicationFailure.nonRetryable(survey.problems.join('\n'));
  return survey;
}
