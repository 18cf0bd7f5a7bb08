import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { ControlActivities, PumpActivities } from '../../activities/types.ts';
import type { FailoverActivities } from '../../activities/failover/types.ts';
import type { RedirectInput, RedriveInput, RetireInput } from '../../src/replication/flow-changes.ts';
import type { FlowKnowledge } from '../../src/replication/flow-knowledge.ts';
import type { GroupsSummary, SyncGroupsInput } from '../../src/replication/group-progress.ts';
import type { ReplicationConfig } from '../../src/replication/input.ts';
import {
  NO_COUNTERS,
  PUMP_REPORT,
  pumpId,
  REPLICATION_WORKFLOW,
  TASK_QUEUE,
  type AuditEntry,
  type BlockedQueue,
  type CommandAnswer,
  type PositionsPage,
  type PumpReport,
  type RedriveResult,
  type ReplicationResult,
  type ReplicationStatus,
} from '../../src/replication/messages.ts';
import { workflowId } from '../../src/replication/names.ts';
import type { Prepared, PrepareInput } from '../../src/replication/preparation.ts';
import type { PumpInput, PumpResult } from '../../src/replication/pump-messages.ts';
import type { Watched, WatchInput } from '../../src/replication/topology.ts';
import { provideSearchAttributes } from '../../src/temporal/search-attributes.ts';
import { CONTROL_OPTIONS, pumpOptions } from '../../src/temporal/worker-options.ts';
import { eventually } from './eventually.ts';
import type { TemporalDev } from './temporal-dev.ts';
import { workflowBundleFromSources } from './workflow-bundle.ts';

/** Two topics of two queues each, on one broker, copied one to one. */
export const MAP: Prepared['map'] = ['orders', 'payments'].map((topic) => ({
  topic,
  from: { broker: 'east-a', queue: 0 },
  to: { broker: 'west-a', queue: 0 },
  count: 2,
}));
/** The same queues, the other way. */
export const BACK = MAP.map(({ topic, from, to, count }) => ({ topic, from: to, to: from, count }));

export const INPUT: ReplicationConfig = {
  source: 'east',
  destination: 'west',
  topics: ['orders', 'payments'],
  parallelism: 2,
};
export const ONE_PUMP = { ...INPUT, parallelism: 1 };

/** A pump at work, as the double sees it. */
export interface PumpDouble {
  readonly input: PumpInput;
  /** See `PumpReport.pump`. */
  readonly pump: string;
}

/**
 * A real worker and a real Temporal server, with doubles for the activities: they touch no cluster, and the tests decide what they do. `prepare`
 * answers `MAP`, a pump works until it is cancelled.
 */
export class ReplicationRig {
  prepare: (input: PrepareInput) => Promise<Prepared> = () => Promise.resolve({ map: MAP, starts: {} });
  /** Answers each watch; by default nothing ever happens. */
  watch: (input: WatchInput) => Promise<Watched> = () => Context.current().cancelled;
  /** Syncs groups; by default until it is cancelled. */
  syncGroups: (input: SyncGroupsInput) => Promise<void> = () => Context.current().cancelled;
  /** The last word on groups. */
  syncGroupsOnce: (input: SyncGroupsInput) => Promise<GroupsSummary> = () =>
    Promise.reject(new Error('nobody syncs groups here'));
  retire: (input: RetireInput) => Promise<void> = () => Promise.resolve();
  redrive: (input: RedriveInput) => Promise<RedriveResult> = () =>
    Promise.resolve({ redriven: 0, refusedAgain: 0, missing: 0, more: false });
  redirect: (input: RedirectInput) => Promise<void> = () => Promise.resolve();
  recallFlow: ControlActivities['recallFlow'] = () => Promise.resolve(null);
  takeCut: FailoverActivities['takeCut'] = () => Promise.resolve([]);
  readPlaced: FailoverActivities['readPlaced'] = () => Promise.resolve({ rows: [], more: 0 });
  readonly journal: FlowKnowledge[] = [];
  journalBack = (back: FlowKnowledge): Promise<void> => {
    this.journal.push(back);
    return Promise.resolve();
  };
  /** What keeps a journal from being renewed. */
  renewal: (known: FlowKnowledge) => Promise<readonly string[]> = () => Promise.resolve([]);
  searchAttributes: readonly string[] = [];
  /** What a pump fails with at its start, if it does. */
  pumpFails: (input: PumpInput) => Error | undefined = () => undefined;
  /** Awaited by each pump before it ends. */
  beforePumpEnds: (input: PumpInput) => Promise<void> = () => Promise.resolve();
  /** Pumps at work. */
  readonly pumps: PumpDouble[] = [];
  readonly #temporal: TemporalDev;
  readonly #connection: NativeConnection;
  readonly #workers: { worker: Worker; ended: Promise<void> }[] = [];

  constructor(temporal: TemporalDev, connection: NativeConnection) {
    this.#temporal = temporal;
    this.#connection = connection;
  }

  static async start(temporal: TemporalDev): Promise<ReplicationRig> {
    const workflowBundle = await workflowBundleFromSources();
    const connection = await NativeConnection.connect({ address: temporal.address });
    const rig = new ReplicationRig(temporal, connection);
    await rig.#run(Worker.create({ connection, ...CONTROL_OPTIONS, workflowBundle, activities: rig.#control() }));
    await rig.#run(Worker.create({ connection, ...pumpOptions(16), activities: rig.#pumping() }));
    return rig;
  }

  /** Starts a replication with a new name, or with this workflow ID. */
  async begin(
    input: unknown = INPUT,
    id = workflowId(`r${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`),
  ) {
    const handle = await this.#temporal.client.workflow.start(REPLICATION_WORKFLOW, {
      taskQueue: TASK_QUEUE,
      workflowId: id,
      args: [input],
    });
    return new ReplicationUnderTest(handle);
  }

  async running(input: unknown = INPUT): Promise<ReplicationUnderTest> {
    const replication = await this.begin(input);
    await replication.reaches('RUNNING');
    await eventually(10_000, () => this.pumpsOf(replication).length === 2);
    return replication;
  }

  /** As a worker does it at its start. */
  async provideSearchAttributes(): Promise<readonly string[]> {
    return await provideSearchAttributes(this.#temporal.connection, 'default');
  }

  pumpsOf({ name }: ReplicationUnderTest): PumpDouble[] {
    return this.pumps.filter(({ input }) => input.replication === name);
  }

  async stop(): Promise<void> {
    for (const { worker } of this.#workers) worker.shutdown();
    await Promise.all(this.#workers.map(({ ended }) => ended));
    await this.#connection.close();
  }

  async #run(creating: Promise<Worker>): Promise<void> {
    const worker = await creating;
    this.#workers.push({ worker, ended: worker.run() });
  }

  #control(): ControlActivities & Pick<FailoverActivities, 'takeCut' | 'readPlaced'> {
    return {
      takeCut: (input) => this.takeCut(input),
      readPlaced: (input) => this.readPlaced(input),
      prepare: (input) => this.prepare(input),
      recallFlow: (input) => this.recallFlow(input),
      watchTopology: async (input) => {
        const { heartbeat } = Context.current();
        const beating = setInterval(() => {
          heartbeat();
        }, 1000);
        try {
          return await this.watch(input);
        } finally {
          clearInterval(beating);
        }
      },
      syncGroups: async (input) => {
        const { heartbeat } = Context.current();
        const beating = setInterval(() => {
          heartbeat();
        }, 1000);
        try {
          await this.syncGroups(input);
        } finally {
          clearInterval(beating);
        }
      },
      syncGroupsOnce: (input) => this.syncGroupsOnce(input),
      retire: (input) => this.retire(input),
      redrive: (input) => this.redrive(input),
      redirect: (input) => this.redirect(input),
      journal: (entry) => {
        this.journal.push(entry);
        return this.renewal(entry);
      },
      journalDecision: (entry) => {
        this.journal.push(entry);
        return Promise.resolve();
      },
      raiseEpoch: (entry, back) => {
        this.journal.push(...(back ? [back] : []), entry);
        return Promise.resolve();
      },
      journalBack: (back) => this.journalBack(back),
      unpause: () => Promise.resolve(),
      usableSearchAttributes: () => Promise.resolve(this.searchAttributes),
    };
  }

  #pumping(): PumpActivities {
    return {
      pump: async (input): Promise<PumpResult> => {
        const failure = this.pumpFails(input);
        if (failure) throw failure;
        const { info, cancellationSignal, cancelled, heartbeat } = Context.current();
        const double = { input, pump: pumpId(info.workflowExecution!.runId, info.activityId) };
        this.pumps.push(double);
        const beating = setInterval(() => {
          heartbeat();
        }, 200);
        try {
          if (!cancellationSignal.aborted) await cancelled.catch(() => undefined);
          await this.beforePumpEnds(input);
          return { ended: 'cancelled', counters: { ...NO_COUNTERS, copied: 10 }, next: nextOf(input) };
        } finally {
          clearInterval(beating);
          this.pumps.splice(this.pumps.indexOf(double), 1);
        }
      },
    };
  }
}

/** What operators and pumps do to one replication. */
export class ReplicationUnderTest {
  readonly handle: WorkflowHandle;
  readonly name: string;

  constructor(handle: WorkflowHandle) {
    this.handle = handle;
    this.name = handle.workflowId.replace('replication/', '');
  }

  status(): Promise<ReplicationStatus> {
    return this.handle.query('status');
  }

  audit(): Promise<AuditEntry[]> {
    return this.handle.query('audit');
  }

  positions(input?: { from: number }): Promise<PositionsPage> {
    return this.handle.query('positions', ...(input ? [input] : []));
  }

  update(name: string, ...args: unknown[]): Promise<CommandAnswer> {
    return this.handle.executeUpdate(name, { args: args as [] });
  }

  result(): Promise<ReplicationResult> {
    return this.handle.result() as Promise<ReplicationResult>;
  }

  async runId(): Promise<string> {
    return (await this.handle.describe()).runId;
  }

  async reaches(state: string): Promise<ReplicationStatus> {
    return await eventually(15_000, async () => {
      const status = await this.status();
      return status.state === state && status;
    });
  }

  async report({ input, pump }: PumpDouble, report: Partial<PumpReport>): Promise<void> {
    await this.handle.signal(PUMP_REPORT, {
      shard: input.shard,
      pump,
      blocked: [],
      counters: NO_COUNTERS,
      troubles: [],
      ...report,
    });
  }
}

export function gap(queue: number, at: number, to?: number): BlockedQueue {
  const reason = `offsets ${at} to ${(to ?? at + 1) - 1} are gone; go on with skip-gap`;
  const since = '2026-01-01T00:00:00.000Z';
  return { topic: 'orders', broker: 'east-a', queue, kind: 'gap', reason, at, ...(to !== undefined && { to }), since };
}

function nextOf(input: PumpInput): Record<string, number> {
  return Object.fromEntries(input.queues.map(({ topic, from }) => [`${topic}/${from.broker}/${from.queue}`, 10]));
}
