import { sleep } from '@temporalio/workflow';
import type { LostSurvey, Survey } from '../../activities/failover/types.ts';
import type { MovedGroup, MovedGroups, SettledGroup } from '../../src/replication/failover/messages.ts';
import type { CommandAnswer } from '../../src/replication/messages.ts';
import { switched } from '../../src/replication/failover/settings.ts';
import { causeOf } from '../replication/causes.ts';
import { insisted, persistent, settling } from './activities.ts';
import { ask, command } from './commands.ts';
import type { Course } from './course.ts';

const STEPS = ['fence-groups', 'settle', 'sync-groups', 'enable-groups'] as const;
/** How long groups may take to come into step: copying may still be behind them by late arrivals. ms */
const IN_STEP_WITHIN_MS = 60_000;
const LONGEST_LIST = 200;

/**
 * Behind the point of no return: stops the groups on the source, lets them finish what they had fetched, and has them go on at the destination exactly
 * there. A group that cannot be placed exactly stays disabled on both sides, and the result says what to do.
 */
export async function moveGroups(course: Course, survey: Survey): Promise<void> {
  const { source, destination, groups, idleGroups, before } = survey;
  if (groups.length + idleGroups.length === 0) {
    for (const step of STEPS) course.skip(step, 'no consumer group moves');
    return;
  }
  const enabledBefore = [...groups, ...idleGroups].filter((group) => wasEnabled(survey, group));
  let began = Date.now();
  try {
    await course.step(
      'fence-groups',
      async () => {
        // should this be cut short, a later move has them go on
        await command(
          course.input,
          'claimGroups',
          { flow: { source, destination }, groups: enabledBefore },
          persistent,
        );
        began = Date.now();
        await persistent.switchGroups({ cluster: source, switches: switched(before.groups, false) });
      },
      () => `${groups.length + idleGroups.length} groups consume nothing on ${source} any more`,
    );
    const settled = await settle(course, survey);
    const problems = await place(course, survey);
    const enabled = enabledBefore.filter((group) => !problems.has(group));
    const lacking = await course.step(
      'enable-groups',
      () => insisted.enableGroups({ cluster: destination, groups: enabled }),
      (without) => `${enabled.length - without.length} groups consume on ${destination}`,
    );
    course.readPauseMs = Date.now() - began;
    for (const [group, { problem, syncedAt }] of problems)
      course.problems.push(
        `group ${group} is not enabled on ${destination}: ${problem}; nothing puts it into step from ${source} any more: enabled there it goes on where it stands, ` +
          `and may see again what it has consumed on ${source} since it was in step last, ${syncedAt ?? 'nobody knows when'}`,
      );
    for (const group of lacking) {
      const problem = `no broker of ${destination} has it`;
      problems.set(group, { problem });
      course.problems.push(`group ${group} is not enabled on ${destination}: ${problem}; create it there`);
    }
    course.moved = summaryOf(survey, settled, problems);
  } catch (error) {
    course.problems.push(
      `the consumer groups were not moved: ${causeOf(error)}; see which of them are enabled where, and enable them where they are to go on; ` +
        `if ${source} is lost: replicator failover ${course.input.replication} --mode failover`,
    );
    for (const step of STEPS) if (!course.hasBegun(step)) course.skip(step, 'the step before failed');
  }
}

/** While the source is lost groups go on where they were in step last. One that was disabled on the source consumes nowhere. */
export async function enableGroups(course: Course, { destination, groups }: LostSurvey): Promise<void> {
  if (groups.length === 0) {
    course.skip('enable-groups', 'no consumer group moves');
    return;
  }
  const enabled = groups.filter(({ disabled = false }) => !disabled).map(({ group }) => group);
  const others = groups.length - enabled.length;
  await course.step(
    'enable-groups',
    () => insisted.enableGroups({ cluster: destination, groups: enabled }),
    () =>
      `${enabled.length} groups consume on ${destination}; what they consumed since they were in step last is seen again` +
      (others > 0 ? `; ${others} that were disabled stay so` : ''),
  );
  course.moved = shortened(groups);
}

async function settle(course: Course, { source, groups }: Survey): Promise<readonly SettledGroup[]> {
  const { settleWithin } = course.input;
  const until = Date.now() + settleWithin * 1000;
  return await course.step(
    'settle',
    () => settling(settleWithin).settleGroups({ cluster: source, groups, until }),
    (settled) => {
      const unfinished = settled.reduce((sum, group) => sum + group.unfinished, 0);
      return unfinished === 0 ? 'everything that was fetched is finished' : `${unfinished} messages may be seen again`;
    },
  );
}

/** A group that does not stand exactly where it stood. */
type Unplaced = Pick<MovedGroup, 'syncedAt'> & { readonly problem: string };

/** What is wrong, by group. */
async function place(course: Course, { source, destination, groups }: Survey): Promise<Map<string, Unplaced>> {
  const until = Date.now() + IN_STEP_WITHIN_MS;
  const more = { flow: { source, destination }, groups };
  return await course.step(
    'sync-groups',
    async () => {
      if (groups.length === 0) return new Map<string, Unplaced>();
      for (let tries = 1; ; tries++) {
        const answer = await ask(course.input, 'placeGroups', more, `placeGroups-${tries}`);
        const problems = problemsOf(answer, groups);
        if (problems.size === 0 || Date.now() >= until) return problems;
        await sleep(1000);
      }
    },
    (problems) => `${groups.length - problems.size} of ${groups.length} groups stand exactly where they stood`,
  );
}

function problemsOf(answer: CommandAnswer, groups: readonly string[]): Map<string, Unplaced> {
  if (!answer.done) return new Map(groups.map((group) => [group, { problem: answer.reason }]));
  const { outOfStep, more } = answer.placed!;
  // who else is out of step is not told
  const others = more > 0 ? groups : [];
  return new Map<string, Unplaced>([
    ...others.map((group) => [group, { problem: 'it may not be in step, as many others are not' }] as const),
    ...outOfStep.map(({ group, ...unplaced }) => [group, unplaced] as const),
  ]);
}

function wasEnabled({ before }: Survey, group: string): boolean {
  return before.groups.some((place) => place.group === group && place.consumeEnable);
}

function summaryOf(
  survey: Survey,
  settled: readonly SettledGroup[],
  problems: ReadonlyMap<string, Unplaced>,
): MovedGroups {
  const groups = settled.map(({ group, unfinished, ...rest }): MovedGroup => {
    const disabled = !wasEnabled(survey, group) && { disabled: true };
    return { group, mayRepeat: unfinished, ...rest, ...disabled, ...problems.get(group) };
  });
  groups.sort((a, b) => rank(b) - rank(a));
  return shortened(groups);
}

function shortened(groups: readonly MovedGroup[]): MovedGroups {
  return { groups: groups.slice(0, LONGEST_LIST), more: Math.max(0, groups.length - LONGEST_LIST) };
}

function rank({ problem, mayRepeat = 0, silent = 0 }: MovedGroup): number {
  return problem !== undefined ? Infinity : mayRepeat + silent;
}
