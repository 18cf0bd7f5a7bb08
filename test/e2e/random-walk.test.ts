import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FAILOVER_WORKFLOW, failoverId, type FailoverResult } from '../../src/replication/failover/messages.ts';
import { COMMANDS, TASK_QUEUE, type CommandAnswer } from '../../src/replication/messages.ts';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages, seeded } from '../support/messages.ts';
import { useStack } from '../support/servers.ts';
import { FULL, SEED } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

const STEPS = FULL ? 500 : 40;
const MESSAGES_PER_SECOND = 200;
/** Commands are answered within 30 s; a worker that was killed takes its time to be there again. */
const ANSWER_MS = 60_000;
/** Locks of pumps that were ended by force may have to lapse. */
const RECOVERY_MS = 150_000;
/** What a switchover nobody is in the way of takes, and what comes before it; well within `ANSWER_MS`. */
const WHOLE_MS = 20_000;

const stack = useStack();
const random = seeded(SEED);
let worker: WorkerProcess;
let live: LiveReplication;
let handle: WorkflowHandle;
const stopProducing = new AbortController();
/** What was done so far, for the report of a failure. */
const walk: string[] = [];
/** Updates that nobody waits for. */
const open: Promise<unknown>[] = [];

beforeAll(async () => {
  worker = await WorkerProcess.start(stack);
  live = await LiveReplication.create(stack);
  handle = await live.handle();
});

afterAll(async () => {
  stopProducing.abort();
  await live.close();
  await worker.stop();
});

type Step = () => Promise<unknown>;

/** How often each is taken, in parts of the whole. */
const STEPS_TAKEN: readonly (readonly [parts: number, name: string, step: Step])[] = [
  [6, 'update pause', () => update('pause', { by: 'walker' })],
  [8, 'update resume', () => update('resume', { reason: 'go on' })],
  [3, 'signal pause', () => signal('pause')],
  [4, 'signal resume', () => signal('resume', { by: 'walker' })],
  [3, 'update rescale', () => update('rescale', { parallelism: 1 + Math.floor(random() * 4) })],
  [
    2,
    'update skipGap with nonsense',
    () => update('skipGap', { topic: pick([live.topic, 'x']), queue: pick([0, 9]), to: pick([0, 2 ** 40]) }),
  ],
  [2, 'an operationId again', () => update(pick(['pause', 'resume', 'stop']), { operationId: pick(['a', 'b']) })],
  [2, 'misspelt signal', () => signal(pick(['pauze', 'Resume', 'skip-gap', '']))],
  [2, 'signal with wrong input', () => signal(pick(COMMANDS), pick([5, 'now', [1], { by: 1 }, { topic: 7 }]))],
  [2, 'update with wrong input', () => update(pick(COMMANDS), pick([5, { by: 1 }, { no: 'such' }]))],
  [1, 'update of no such name', () => update('stopp')],
  [1, 'reverse', () => update('reverse')],
  [2, 'release', () => update('release', { by: 'walker' })],
  [4, 'begin a failover', beginFailover],
  [3, 'a whole switchover', wholeSwitchover],
  [4, 'tell the failover', () => tellFailover(pick(['producersStopped', 'confirm', 'abort', 'abrot']))],
  [1, 'cancel the failover', () => failover().cancel()],
  [1, 'terminate the failover', () => failover().terminate('a slip')],
  [2, 'twelve updates at once', manyUpdates],
  [2, 'cancel', () => handle.cancel()],
  [1, 'stop', () => update('stop')],
  [1, 'terminate', () => handle.terminate('a slip')],
  [2, 'reset', reset],
  [2, 'pause activities', () => eachPump('pause')],
  [2, 'unpause activities', () => eachPump('unpause')],
  [2, 'SIGKILL the worker', () => newWorker(() => worker.kill())],
  [2, 'SIGTERM the worker', () => newWorker(() => worker.stop())],
  [2, 'wait until more is copied', waitForMore],
];

it(
  `a walk of ${STEPS} commands and slips ends in a replication that still obeys, and every message is copied once, in order`,
  async () => {
    console.log(`seed ${SEED}`);
    await live.start();
    const messages = mixedMessages({ count: 1e9, seed: SEED, meanBytes: 300, large: 0, largestBytes: 0 });
    const producing = live.produceOn(messages, MESSAGES_PER_SECOND, stopProducing.signal);
    producing.catch(() => undefined);
    try {
      for (let number = 1; number <= STEPS; number++) await take(number);
      await stillObeys();
      stopProducing.abort();
      const produced = await producing;
      await live.reaches(produced, RECOVERY_MS);
      expect(await live.verdict()).toMatchObject({
        source: produced,
        copied: produced,
        lost: 0,
        repeated: 0,
        outOfOrder: 0,
        changed: 0,
      });
      console.log(walk.filter((line) => line.includes('the failover ended')).join('\n'));
    } catch (error) {
      const where = await whereItStands().catch(String);
      throw new Error(`seed ${SEED}, after this walk:\n${walk.join('\n')}\n${where}\n${String(error)}`, {
        cause: error,
      });
    }
  },
  RECOVERY_MS * 4 + STEPS * 15_000,
);

/** For the report of a failure. */
async function whereItStands(): Promise<string> {
  const { raw } = await handle.describe();
  const pending = (raw.pendingActivities ?? []).map(
    ({ activityId, state, attempt, paused, lastFailure, lastWorkerIdentity: worker }) =>
      JSON.stringify({ activityId, state, attempt, paused, failure: lastFailure?.message, worker }),
  );
  return [JSON.stringify(await live.status()), ...pending].join('\n');
}

/** One step, and a start where the replication has come to an end. What is refused is no failure; what is not answered is one. */
async function take(number: number): Promise<void> {
  const [name, step] = choose();
  walk.push(`${number}. ${name}`);
  await answered(
    name,
    step().catch((error: unknown) => walk.push(`   ${String(error).slice(0, 200)}`)),
  );
  await startIfEnded();
}

async function startIfEnded(): Promise<void> {
  const { status } = await handle.describe();
  if (status.name === 'RUNNING') return;
  walk.push(`   ${status.name}: start`);
  await live.start().catch((error: unknown) => walk.push(`   ${String(error).slice(0, 200)}`));
}

async function stillObeys(): Promise<void> {
  walk.push('the end');
  await answered('open updates', Promise.allSettled(open));
  await eachPump('unpause');
  await endFailover();
  // an update that was still open may have stopped it
  await eventually(RECOVERY_MS, async () => {
    await startIfEnded();
    return (await handle.executeUpdate<CommandAnswer, []>('pause')).done;
  });
  expect((await live.status()).state).toBe('PAUSED');
  expect(await handle.executeUpdate<CommandAnswer, []>('resume')).toMatchObject({ done: true });
  await eventually(RECOVERY_MS, async () => (await live.status()).state === 'RUNNING');
}

function choose(): readonly [string, Step] {
  let rest = random() * STEPS_TAKEN.reduce((sum, [parts]) => sum + parts, 0);
  for (const [parts, name, step] of STEPS_TAKEN) if ((rest -= parts) < 0) return [name, step];
  throw new RangeError('the parts do not add up');
}

function pick<T>(values: readonly T[]): T {
  return values[Math.floor(random() * values.length)]!;
}

async function answered<T>(what: string, work: Promise<T>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer to ${what} within ${ANSWER_MS} ms`));
    }, ANSWER_MS);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function update(name: string, ...args: unknown[]): Promise<void> {
  const answer = await handle.executeUpdate<CommandAnswer, []>(name, { args: args as [] });
  walk.push(`   ${name} ${JSON.stringify(args)}: ${JSON.stringify(answer)}`);
}

async function signal(name: string, ...args: unknown[]): Promise<void> {
  walk.push(`   ${name} ${JSON.stringify(args)}`);
  await handle.signal(name, ...args);
}

function failover(): WorkflowHandle {
  return handle.client.getHandle(failoverId(live.name));
}

/** The producers go on all the same, so what comes behind a cut is a late arrival. */
async function beginFailover(): Promise<void> {
  await failOver({
    mode: pick(['switchover', 'switchover', 'switchover', 'failover', 'failback']),
    dryRun: random() < 0.2,
    confirm: random() < 0.3,
    patience: pick([5, 60]),
  });
}

/** There or home, unless somebody is in its way. */
async function wholeSwitchover(): Promise<void> {
  await update('release');
  await update('resume');
  await eventually(WHOLE_MS, async () => (await live.status()).state === 'RUNNING');
  const { ended } = await failOver({ mode: 'switchover' });
  await tellFailover('producersStopped');
  await Promise.race([ended, sleep(WHOLE_MS)]);
}

/** @returns `ended`, which resolves when it has */
async function failOver(asked: object): Promise<{ readonly ended: Promise<unknown> }> {
  const input = { replication: live.name, fence: 'external', ...asked };
  walk.push(`   ${JSON.stringify(input)}`);
  const options = { taskQueue: TASK_QUEUE, workflowId: failoverId(live.name), args: [input] };
  const begun = await handle.client.start(FAILOVER_WORKFLOW, options);
  const ended = begun.result().then(
    ({ outcome, problems }: FailoverResult) =>
      walk.push(`   the failover ended: ${outcome}; ${problems.join('; ').slice(0, 300)}`),
    (error: unknown) => walk.push(`   the failover ended: ${String(error).slice(0, 200)}`),
  );
  return { ended };
}

async function tellFailover(name: string): Promise<void> {
  walk.push(`   ${name}`);
  await failover().signal(name);
}

/** One that waits is told to end; one that was terminated has left its hold behind. */
async function endFailover(): Promise<void> {
  await tellFailover('abort').catch(() => undefined);
  await eventually(RECOVERY_MS, async () => {
    const { status } = await failover()
      .describe()
      .catch(() => ({ status: { name: 'NONE' } }));
    return status.name !== 'RUNNING';
  });
  await startIfEnded();
  await eventually(RECOVERY_MS, async () => (await live.status()).state !== 'STARTING');
  if ((await live.status()).heldBy) await update('release');
}

/** Temporal takes ten at a time. */
function manyUpdates(): Promise<void> {
  for (let count = 0; count < 12; count++)
    open.push(handle.executeUpdate(pick(['pause', 'resume', 'resume'])).catch(() => undefined));
  return Promise.resolve();
}

async function reset(): Promise<void> {
  const { runId } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const tasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  const { eventId } = pick(tasks);
  walk.push(`   to event ${String(eventId)} of ${events?.length}`);
  await handle.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId, runId },
    workflowTaskFinishEventId: eventId!,
    reason: 'a slip',
    requestId: `${runId}-${walk.length}`,
  });
}

async function eachPump(what: 'pause' | 'unpause'): Promise<void> {
  const { raw } = await handle.describe();
  const { workflowService } = handle.client;
  const execution = { workflowId: handle.workflowId };
  for (const { activityId: id } of raw.pendingActivities ?? []) {
    if (!id?.startsWith('pump-')) continue;
    const request = { namespace: 'default', execution, id };
    // it may have ended meanwhile
    if (what === 'pause') await workflowService.pauseActivity(request).catch(() => undefined);
    else await workflowService.unpauseActivity(request).catch(() => undefined);
  }
}

async function newWorker(end: Step): Promise<void> {
  await end();
  worker = await WorkerProcess.start(stack);
}

/** Where it is running, copying goes on in a while; else this is a step of waiting. */
async function waitForMore(): Promise<void> {
  const before = (await live.copied()) ?? 0;
  await eventually(5000, async () => ((await live.copied()) ?? 0) > before).catch(() => undefined);
}
