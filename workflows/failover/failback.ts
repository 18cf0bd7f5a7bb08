import { ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import type { BackSurvey } from '../../activities/failover/types.ts';
import { ENABLED_BY_HAND, WRITABLE_BY_HAND } from '../../src/replication/failover/by-hand.ts';
import type { FailoverResult, FoundTail, RepeatingGroup } from '../../src/replication/failover/messages.ts';
import { closed, switched, type Cut } from '../../src/replication/failover/settings.ts';
import { attempted, insisted, lasting, persistent } from './activities.ts';
import { command, holder } from './commands.ts';
import type { Course } from './course.ts';
import { switchover } from './switchover.ts';

const LONGEST_LIST = 200;

/** The way home, once the lost source is back: what is stranded there is dealt with, what was produced meanwhile is copied back, then it is a switchover. */
export async function failback(course: Course): Promise<FailoverResult> {
  return await switchover(course, () => regain(course));
}

/** What a dry run looks at: whether the source is back, and what is stranded on it. */
export async function lookForTail(course: Course): Promise<void> {
  const survey = await surveyBack(course);
  const { queues } = await findTail(course, survey);
  await countRepeats(course, survey, queues);
}

/**
 * Up to where both sides hold everything again. An abort puts the source's settings back; but from `regain` on the replication copies both
 * ways, as after a switchover, and moves home with one.
 */
async function regain(course: Course): Promise<void> {
  const { input } = course;
  const survey = await surveyBack(course, holder(input));
  const { source, destination, sourcePerms, sourceGroups } = survey;
  await course.step(
    'close-source',
    async () => {
      await attempted.switchGroups({ cluster: source, switches: switched(sourceGroups, false) });
      return await attempted.setTopicPermissions({ cluster: source, perms: closed(sourcePerms) });
    },
    (changed) => `made ${changed} of ${sourcePerms.length} topics on brokers read-only`,
    {
      work: async () => {
        await persistent.setTopicPermissions({ cluster: source, perms: sourcePerms });
        await persistent.switchGroups({ cluster: source, switches: sourceGroups });
      },
      mend: `make the topics writable and enable the groups on ${source} as they were: ${WRITABLE_BY_HAND}; ${ENABLED_BY_HAND}`,
    },
  );
  const { queues } = await findTail(course, survey);
  await countRepeats(course, survey, queues);
  const forward = { replication: input.replication, source, destination };
  if (course.has('set-aside'))
    await course.step(
      'set-aside',
      async () => (queues.length > 0 ? await lasting.setAside({ ...forward, queues }) : 0),
      (messages) =>
        `${messages} messages in quarantine; they stay there, also if this is aborted, until redrive copies them`,
    );
  const left = input.strandedTail === 'leave' ? queues : [];
  await course.step(
    'regain',
    () =>
      // an abort waits for the answer: whether it copies decides what is put back
      CancellationScope.nonCancellable(() =>
        command(input, 'regain', {
          leave: left.map(({ topic, broker, queue, from, to }) => ({ topic, broker, queue, from, to })),
        }),
      ),
    () => 'it copies both ways, and goes on to if this is aborted: then move home later, with a switchover',
  );
  // as after a switchover: the side that does not serve stays closed
  course.keep('close-source');
  await copyBack(course, survey, queues);
  await course.confirmed();
}

async function copyBack(course: Course, survey: BackSurvey, stranded: FoundTail['queues']): Promise<void> {
  const { replication } = course.input;
  const { source, destination, topics } = survey;
  await course.step(
    'copy-back',
    async () => {
      await lasting.awaitRunning({ replication });
      await lasting.awaitCopied({ replication, source, destination, cut: cutOf(stranded) });
      const cut = await insisted.takeCut({ cluster: destination, topics });
      await lasting.awaitCopied({ replication, source: destination, destination: source, cut });
    },
    () => `everything up to now is on ${source} again`,
  );
}

/** Queues are told one by one: 0 is where nothing is waited for. */
function cutOf(queues: FoundTail['queues']): Cut {
  return queues.map(({ topic, broker, queue, to }) => ({
    topic,
    broker,
    ends: Array.from({ length: queue + 1 }, (_, id) => (id === queue ? to : 0)),
  }));
}

/** @throws ApplicationFailure with every problem */
async function surveyBack(course: Course, heldBy?: string): Promise<BackSurvey> {
  const { replication } = course.input;
  const survey = await course.step(
    'survey-source',
    () => attempted.surveyBack({ replication, ...(heldBy !== undefined && { heldBy }) }),
    ({ source, destination, topics }) => `${topics.length} topics, from ${destination} home to ${source}`,
  );
  if (survey.problems.length > 0) throw ApplicationFailure.nonRetryable(survey.problems.join('\n'));
  return survey;
}

/** @throws ApplicationFailure where it cannot be told */
async function findTail(course: Course, { source, destination }: BackSurvey): Promise<FoundTail> {
  const { replication, strandedTail: policy } = course.input;
  const found = await course.step(
    'find-tail',
    () => lasting.findStranded({ replication, source, destination }),
    ({ queues }) => `${countOf(queues)} messages in ${queues.length} queues of ${source} were never copied`,
  );
  const { queues, list, problems } = found;
  if (problems.length > 0)
    throw ApplicationFailure.nonRetryable(
      [
        ...problems,
        `what is stranded cannot be told: replicator resume ${replication} shows these queues as blocked; settle that, then move home with a switchover`,
      ].join('\n'),
    );
  const messages = countOf(queues);
  const shown = queues.slice(0, LONGEST_LIST);
  const more = { queues: queues.length - shown.length, messages: messages - list.length };
  course.strandedTail = { policy, messages, queues: shown, list, more };
  return found;
}

async function countRepeats(
  course: Course,
  { source, destination, placed }: BackSurvey,
  stranded: FoundTail['queues'],
): Promise<void> {
  const { replication } = course.input;
  if (!placed) {
    const why = 'where groups went on could not be read during the failover';
    course.skip('count-repeats', why);
    course.warnings.push(`what groups got twice because of the failover was not counted: ${why}`);
    return;
  }
  course.repeats = await course.step(
    'count-repeats',
    () => lasting.countRepeats({ replication, source, destination, placed, stranded }),
    ({ groups, flushedEveryMs }) =>
      `by the offsets that ${source} had flushed, at most ${flushedEveryMs / 1000} s before it was lost, groups had consumed ${total(groups, 'messages')} messages ` +
      `that they got again, and ${total(groups, 'stranded')} of what is stranded`,
  );
}

function total(groups: readonly RepeatingGroup[], what: 'messages' | 'stranded'): number {
  return groups.reduce((sum, group) => sum + group[what], 0);
}

function countOf(queues: FoundTail['queues']): number {
  return queues.reduce((sum, { messages }) => sum + messages, 0);
}
