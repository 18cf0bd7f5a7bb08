import { ApplicationFailure, sleep } from '@temporalio/workflow';
import type { Survey } from '../../activities/failover/types.ts';
import { WRITABLE_BY_HAND } from '../../src/replication/failover/by-hand.ts';
import type { FailoverResult } from '../../src/replication/failover/messages.ts';
import { ROUTES_SPREAD_MS, type StepName } from '../../src/replication/failover/plan.ts';
import { closed, messagesIn, opened } from '../../src/replication/failover/settings.ts';
import { attempted, draining, insisted, persistent } from './activities.ts';
import { command, holder, Hold, keepAsking } from './commands.ts';
import type { Course } from './course.ts';
import { moveGroups } from './groups.ts';
import { HardFence } from './hard-fence.ts';

/** How long the replication may find reasons that pass. ms */
const NOTED_WITHIN_MS = 30_000;
const TURNED_WITHIN_MS = 300_000;

function writableAgain(cluster: string): string {
  return `make the topics writable on ${cluster} again: ${WRITABLE_BY_HAND}`;
}

const LAPSES = 'its brokers take sends again by themselves, two minutes after the fence was renewed last';

/** What the first half has found and done. */
interface Drained {
  readonly survey: Survey;
  readonly hardFence: HardFence | undefined;
  /** ms since 1970 */
  readonly routesFencedAt: number;
}

/**
 * A planned move: producers are fenced, everything is copied, the destination is opened, the direction is turned round.
 * @param before what else is to be done first, once the replication is held
 */
export async function switchover(course: Course, before?: () => Promise<void>): Promise<FailoverResult> {
  let drained: Drained | undefined;
  const arrived = await course.forwardOrBack(async () => {
    const hold = new Hold(course.input);
    await course.step(
      'hold',
      () => hold.take(),
      () => 'held',
      hold.undo,
    );
    await before?.();
    drained = await upToThePointOfNoReturn(course);
    course.passPointOfNoReturn();
  });
  const changing: StepName[] = ['close-source', 'fence-routes'];
  if (!arrived || !drained) return course.end(changing.some((step) => course.hasBegun(step)) ? 'aborted' : 'refused');
  await open(course, drained.survey);
  await moveGroups(course, drained.survey);
  await turnRound(course, drained);
  return course.end(course.problems.length === 0 ? 'done' : 'incomplete');
}

async function upToThePointOfNoReturn(course: Course): Promise<Drained> {
  const { input } = course;
  const survey = await surveyBoth(course, holder(input));

  await noteEnds(course, survey);
  const { source, before } = survey;
  const startedAt = Date.now();
  await course.step(
    'fence-routes',
    () => attempted.setTopicPermissions({ cluster: source, perms: closed(before.perms) }),
    (changed) => `made ${changed} of ${before.perms.length} topics on brokers read-only`,
    {
      work: () => persistent.setTopicPermissions({ cluster: source, perms: before.perms }),
      mend: writableAgain(source),
    },
  );
  const routesFencedAt = Date.now();
  const hardFence = await fenceProducers(course, survey, startedAt, routesFencedAt);

  const cut = await course.step(
    'cut',
    () => attempted.takeCut({ cluster: source, topics: survey.topics }),
    (ends) => `${messagesIn(ends)} messages in all`,
  );
  await course.step(
    'drain',
    () => {
      const { replication, drainWithin } = input;
      const { destination } = survey;
      return draining(drainWithin).awaitCopied({ replication, source, destination, cut });
    },
    () => 'everything up to the cut is on the destination',
  );
  await course.confirmed();
  await hardFence?.assertHeld();
  return { survey, hardFence, routesFencedAt };
}

/** However late, and by whomever, the direction is turned: what is produced on the destination from its opening on is copied back. */
async function noteEnds(course: Course, { mode, destination, destinationEnds: ends }: Survey): Promise<void> {
  if (mode !== 'one-way') {
    course.skip('note-ends', 'the replication copies back already');
    return;
  }
  await course.step(
    'note-ends',
    () => keepAsking(course.input, 'noteEnds', { ends }, NOTED_WITHIN_MS, { tried: attempted }),
    () => `from there on is copied back what is produced on ${destination}`,
    {
      work: () => keepAsking(course.input, 'noteEnds', {}, NOTED_WITHIN_MS, { id: 'noteEnds/undo' }),
      mend: 'a later reverse copies back from there on, which leaves nothing out',
    },
  );
}

async function fenceProducers(
  course: Course,
  survey: Survey,
  startedAt: number,
  routesFencedAt: number,
): Promise<HardFence | undefined> {
  const hardFence = course.input.fence === 'broker' ? new HardFence(survey) : undefined;
  let said = '';
  await course.step(
    'fence-producers',
    async () => {
      if (course.input.fence === 'topic') {
        course.fencedAt = startedAt;
        await sleep(Math.max(1, routesFencedAt + ROUTES_SPREAD_MS - Date.now()));
      } else if (hardFence) {
        course.fencedAt = Date.now();
        await hardFence.begin();
      } else {
        const word = await course.hear('producersStopped');
        if (word !== '') said = `, said${word}`;
        course.fencedAt = Date.now();
      }
    },
    () => `no producer writes to the source any more, as far as this fence reaches${said}`,
    hardFence && { work: () => hardFence.lift(), mend: LAPSES },
  );
  return hardFence;
}

export async function open(
  course: Course,
  { destination, destinationPerms }: Pick<Survey, 'destination' | 'destinationPerms'>,
): Promise<void> {
  await course.step(
    'open',
    () => insisted.setTopicPermissions({ cluster: destination, perms: opened(destinationPerms) }),
    () => `producers may write to ${destination}`,
  );
  course.openedAt = Date.now();
}

async function turnRound(course: Course, { survey, hardFence, routesFencedAt }: Drained): Promise<void> {
  const { input } = course;
  if (hardFence)
    await course.attempt(
      'lift-fence',
      async () => {
        await sleep(Math.max(1, routesFencedAt + ROUTES_SPREAD_MS - Date.now()));
        await hardFence.lift();
        if (hardFence.hasLapsed)
          course.warnings.push(
            'the fence lapsed after the destination was open; what came in goes forward as late arrivals',
          );
      },
      LAPSES,
      () => `the brokers of ${survey.source} take sends again`,
    );
  await reopen(course, survey);
  await course.attempt(
    'reverse',
    () => keepAsking(input, 'reverse', { from: survey.destinationEnds }, TURNED_WITHIN_MS),
    `give it again: replicator reverse ${input.replication}; if ${survey.source} is lost: replicator failover ${input.replication} --mode failover; ` +
      `either copies back everything that is produced on ${survey.destination}, also what was produced before`,
  );
  await course.attempt('release', () => command(input, 'release'), `replicator release ${input.replication}`);
}

/**
 * Two sides that both serve do so again once the application is home; a move away from home leaves the old side closed, so that no producer goes back by
 * mistake. Home need not be closed: a lost cluster comes back as it was.
 */
async function reopen(course: Course, { mode, home = false, source, before }: Survey): Promise<void> {
  if (mode !== 'two-way' || !home) {
    course.skip('reopen', 'this is not the way home on a replication that copies both ways');
    return;
  }
  await course.attempt(
    'reopen',
    () => persistent.setTopicPermissions({ cluster: source, perms: before.perms }),
    writableAgain(source),
    () => `producers may write to ${source} as before`,
  );
}

/** @throws ApplicationFailure with every problem */
export async function surveyBoth(course: Course, heldBy?: string): Promise<Survey> {
  const { replication, fence } = course.input;
  const survey = await course.step(
    'survey',
    () => attempted.survey({ replication, fence, ...(heldBy !== undefined && { heldBy }) }),
    ({ source, destination, topics, behind }) =>
      `${topics.length} topics from ${source} to ${destination}, ${behind} messages behind`,
  );
  course.warnings.push(...survey.warnings);
  if (survey.problems.length > 0) throw ApplicationFailure.nonRetryable(survey.problems.join('\n'));
  return survey;
}
