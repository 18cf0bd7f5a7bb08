import { Context } from '@temporalio/activity';
import type { temporal } from '@temporalio/proto';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { FailoverActivities, Survey } from '../../activities/failover/types.ts';
import type { FailoverConfig } from '../../src/replication/failover/input.ts';
import {
  FAILOVER_WORKFLOW,
  failoverId,
  type FailoverResult,
  type FailoverStatus,
  type StepStatus,
  type StrandedQueue,
} from '../../src/replication/failover/messages.ts';
import { FENCE_MS } from '../../src/replication/failover/settings.ts';
import { TASK_QUEUE } from '../../src/replication/messages.ts';
import { CONTROL_OPTIONS } from '../../src/temporal/worker-options.ts';
import { eventually } from './eventually.ts';
import { workflowBundleFromSources } from './workflow-bundle.ts';
import type { TemporalDev } from './temporal-dev.ts';

const PERMS = [
  { topic: 'orders', broker: 'east-a', perm: 6 },
  { topic: 'audit', broker: 'east-b', perm: 4 },
];
const DESTINATION_PERMS = PERMS.map((place) => ({ ...place, broker: 'west-a', perm: 4 }));

const SYNCED_AT = '2026-01-01T00:00:00.000Z';

/** What a failover may change, as the doubles of its activities keep it. */
function untouched() {
  return {
    held: '',
    east: PERMS as unknown,
    west: DESTINATION_PERMS as unknown,
    acceptsFrom: 17,
    reversed: false,
    noted: undefined as unknown,
    epoch: 1,
    groups: { east: true, west: false },
    placed: 0,
    left: undefined as unknown,
  };
}
export type World = ReturnType<typeof untouched>;

/** A real worker and a real Temporal, with doubles for a failover's activities: they touch no cluster, and the tests decide in which order things happen. */
export class FailoverRig {
  world = untouched();
  /** Activities in the order in which they took effect. */
  readonly done: string[] = [];
  problems: string[] = [];
  mode: 'one-way' | 'two-way' = 'one-way';
  home = false;
  destinationPerms = DESTINATION_PERMS;
  stranded: readonly StrandedQueue[] = [];
  tailProblems: string[] = [];
  isPlacedKnown = true;
  refuses: string | undefined;
  /** How often `refuses` is for what passes; for good by default. */
  passing = 0;
  /** By the source's broker. ms */
  clock = 0;
  groups: readonly string[] = [];
  /** Those of them that are disabled where the application is served. */
  disabled: readonly string[] = [];
  /** What each sync of groups finds, until it finds nothing any more. */
  outOfStep: { group: string; problem: string }[][] = [];
  /** Awaited by each activity before its effect. */
  before: (activity: string) => Promise<void> = () => Promise.resolve();
  /** What an activity fails with behind its effect. */
  fails: (activity: string) => Error | undefined = () => undefined;
  readonly #temporal: TemporalDev;
  readonly #connection: NativeConnection;
  #stop: () => Promise<void> = () => Promise.resolve();

  private constructor(temporal: TemporalDev, connection: NativeConnection) {
    this.#temporal = temporal;
    this.#connection = connection;
  }

  static async start(temporal: TemporalDev): Promise<FailoverRig> {
    const workflowBundle = await workflowBundleFromSources();
    const connection = await NativeConnection.connect({ address: temporal.address });
    const rig = new FailoverRig(temporal, connection);
    const activities = doubles(rig);
    rig.#run(await Worker.create({ connection, ...CONTROL_OPTIONS, workflowBundle, activities }));
    return rig;
  }

  /** As if nothing had happened yet. */
  reset(): void {
    this.world = untouched();
    this.done.length = 0;
    this.problems = [];
    this.mode = 'one-way';
    this.home = false;
    this.destinationPerms = DESTINATION_PERMS;
    this.stranded = [];
    this.tailProblems = [];
    this.isPlacedKnown = true;
    this.refuses = undefined;
    this.passing = 0;
    this.clock = 0;
    this.groups = [];
    this.disabled = [];
    this.outOfStep = [];
    this.before = () => Promise.resolve();
    this.fails = () => undefined;
  }

  get untouched(): World {
    return untouched();
  }

  async begin(input: Omit<FailoverConfig, 'replication' | 'mode'> & { mode?: FailoverConfig['mode'] }) {
    const replication = `r-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
    const handle = await this.#temporal.client.workflow.start(FAILOVER_WORKFLOW, {
      taskQueue: TASK_QUEUE,
      workflowId: failoverId(replication),
      args: [{ replication, mode: 'switchover', ...input }],
    });
    return new FailoverUnderTest(handle);
  }

  async stop(): Promise<void> {
    await this.#stop();
    await this.#connection.close();
  }

  #run(worker: Worker): void {
    const ended = worker.run();
    this.#stop = () => {
      worker.shutdown();
      return ended;
    };
  }
}

function doubles(rig: FailoverRig): FailoverActivities {
  const effect = async <T>(name: string, change: (world: World) => T): Promise<T> => {
    const beating = setInterval(() => {
      Context.current().heartbeat();
    }, 200);
    try {
      await rig.before(name);
    } finally {
      clearInterval(beating);
    }
    const result = change(rig.world);
    rig.done.push(name);
    const failure = rig.fails(name);
    if (failure) throw failure;
    return result;
  };
  return {
    survey: () => effect('survey', surveyed),
    surveyLost: () =>
      effect('surveyLost', () => ({
        ...surveyed(),
        groups: rig.groups.map((group) => ({
          ...{ group, syncedAt: SYNCED_AT },
          ...(rig.disabled.includes(group) && { disabled: true }),
        })),
      })),
    switchGroups: ({ cluster, switches }) =>
      effect(`groups ${cluster}`, (world) => {
        world.groups[cluster as 'east' | 'west'] = switches.some(({ consumeEnable }) => consumeEnable);
      }),
    settleGroups: ({ groups }) =>
      effect('settleGroups', () => groups.map((group) => ({ group, unfinished: 3, silent: 1 }))),
    enableGroups: ({ cluster, groups }) =>
      effect(`groups ${cluster}`, (world) => {
        world.groups[cluster as 'east' | 'west'] = groups.length > 0;
        return [];
      }),
    surveyBack: () =>
      effect('surveyBack', () => {
        const { topics, problems } = surveyed();
        return {
          source: 'east',
          destination: 'west',
          topics,
          problems,
          sourcePerms: PERMS,
          sourceGroups: [{ group: 'billing', broker: 'east-a', consumeEnable: true }],
          ...(rig.isPlacedKnown && { placed: { rows: [], more: 0 } }),
        };
      }),
    findStranded: () => effect('findStranded', () => ({ queues: rig.stranded, list: [], problems: rig.tailProblems })),
    readPlaced: () => effect('readPlaced', () => ({ rows: [], more: 0 })),
    countRepeats: () =>
      effect('countRepeats', () => ({
        groups: [{ group: 'billing', messages: 3, stranded: 0 }],
        more: 0,
        flushedEveryMs: 5000,
      })),
    setAside: ({ queues }) => effect('setAside', () => queues.reduce((sum, { messages }) => sum + messages, 0)),
    awaitRunning: () => effect('awaitRunning', () => undefined),
    readLastCopies: () =>
      effect('readLastCopies', () => ({
        queues: [
          { topic: 'orders', broker: 'east-a', queue: 0, copiedUpTo: 7, producedAt: '2026-01-01T00:00:00.000Z' },
        ],
        more: 0,
      })),
    commandReplication: ({ command, input }) =>
      effect(command, (world) => {
        const { refuses } = rig;
        if (refuses === command) {
          if (rig.passing > 0 && --rig.passing === 0) rig.refuses = undefined;
          else if (rig.passing === 0) return { done: false, reason: `no ${command} today` };
          return { done: false, reason: `no ${command} now`, passing: true };
        }
        if (command === 'hold') world.held = input.operationId;
        else if (!input.operationId.startsWith(`${world.held}/`)) return { done: false, reason: 'held by another' };
        if (command === 'release') world.held = '';
        if (command === 'noteEnds') world.noted = input.ends;
        if (command === 'reverse') world.reversed = true;
        if (command === 'raiseEpoch') world.epoch++;
        if (command === 'placeGroups') {
          world.placed++;
          const placed = { inStep: 1, outOfStep: rig.outOfStep.shift() ?? [], more: 0 };
          return { done: true, state: 'RUNNING', placed };
        }
        if (command === 'regain') world.left = input.leave;
        return { done: true, state: 'RUNNING' };
      }),
    setTopicPermissions: ({ cluster, perms }) =>
      effect(`permissions ${cluster}`, (world) => {
        world[cluster as 'east' | 'west'] = perms;
        return perms.length;
      }),
    fenceBrokers: ({ brokers }) =>
      effect('fenceBrokers', (world) => {
        world.acceptsFrom = rig.clock + FENCE_MS;
        return brokers.map((broker) => ({ broker, from: world.acceptsFrom }));
      }),
    restoreBrokers: ({ brokers }) =>
      effect('restoreBrokers', (world) => {
        world.acceptsFrom = brokers[0]!.from;
      }),
    takeCut: () => effect('takeCut', () => [{ topic: 'orders', broker: 'east-a', ends: [3, 4] }]),
    awaitCopied: () => effect('awaitCopied', () => undefined),
  };

  function surveyed(): Survey {
    return {
      source: 'east',
      destination: 'west',
      mode: rig.mode,
      home: rig.home,
      topics: ['orders', 'audit'],
      groups: rig.groups,
      idleGroups: [],
      problems: rig.problems,
      warnings: ['mind the gap'],
      behind: 12,
      before: { perms: PERMS, brokers: [{ broker: 'east-a', from: 17 }], groups: switchesOf(rig) },
      destinationEnds: [],
      destinationPerms: rig.destinationPerms,
    };
  }
}

function switchesOf({ groups, disabled }: FailoverRig): Survey['before']['groups'] {
  return groups.map((group) => ({ group, broker: 'east-a', consumeEnable: !disabled.includes(group) }));
}

export class FailoverUnderTest {
  readonly handle: WorkflowHandle;

  constructor(handle: WorkflowHandle) {
    this.handle = handle;
  }

  status(): Promise<FailoverStatus> {
    return this.handle.query('status');
  }

  async reaches(is: (status: FailoverStatus) => boolean): Promise<FailoverStatus> {
    return await eventually(15_000, async () => {
      const status = await this.status();
      return is(status) && status;
    });
  }

  result(): Promise<FailoverResult> {
    return this.handle.result() as Promise<FailoverResult>;
  }

  /** Until it has told an activity to end. */
  async cancels(): Promise<void> {
    await this.#hasNoted((event) => event.activityTaskCancelRequestedEventAttributes);
  }

  /** Until it has set a timer that is due then, or up to 10 s later. ms since 1970 */
  async waitsUntil(time: number): Promise<void> {
    await this.#hasNoted(({ eventTime, timerStartedEventAttributes: timer }) => {
      const due = msOf(eventTime) + msOf(timer?.startToFireTimeout);
      return due >= time && due < time + 10_000;
    });
  }

  async #hasNoted(is: (event: Event) => unknown): Promise<void> {
    await eventually(15_000, async () => (await this.handle.fetchHistory()).events?.some(is));
  }
}

type Event = temporal.api.history.v1.IHistoryEvent;

/** A time, or how long something takes, as a history has it. */
function msOf(value: Event['eventTime']): number {
  return Number(value?.seconds ?? 0) * 1000 + (value?.nanos ?? 0) / 1e6;
}

/** `name: state` of each step. */
export function steps({ steps: all }: { readonly steps: readonly StepStatus[] }): string[] {
  return all.map(({ name, state }) => `${name}: ${state}`);
}
