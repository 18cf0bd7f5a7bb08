import type { CommandAnswer } from '../../src/replication/messages.ts';
import type { FailoverInput } from '../../src/replication/failover/input.ts';
import type { LostGroup } from '../../src/groups/lost-groups.ts';
import type {
  FoundTail,
  GroupRepeats,
  LastCopies,
  PlacedGroups,
  SettledGroup,
  StrandedQueue,
} from '../../src/replication/failover/messages.ts';
import type { Flow } from '../../src/replication/names.ts';
import type { TopicPlace } from '../../src/replication/queue-map.ts';
import type { AcceptsFrom, Cut, GroupSwitch, TopicPerm } from '../../src/replication/failover/settings.ts';

export interface SurveyInput extends Pick<FailoverInput, 'replication' | 'fence'> {
  /** Who holds the replication and asks; absent in a dry run. */
  readonly heldBy?: string;
}

/** What a switchover finds, before it changes anything. */
export interface Survey {
  /** Where the application is served now; `destination` is the other one of the replication's clusters. */
  readonly source: string;
  readonly destination: string;
  /** Absent in what an earlier release has recorded. */
  readonly mode?: 'one-way' | 'two-way';
  /** The destination is the cluster that the replication's input names as its source. Absent in what an earlier release has recorded. */
  readonly home?: boolean;
  readonly topics: readonly string[];
  /** Consumer groups that move. */
  readonly groups: readonly string[];
  /** Those of them that have not consumed anything yet. */
  readonly idleGroups: readonly string[];
  /** Why a switchover cannot begin: a sentence each, with what to do. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** Messages that the flow has not copied yet. */
  readonly behind: number;
  /** The source's settings, to be put back by an abort. */
  readonly before: {
    readonly perms: readonly TopicPerm[];
    readonly brokers: readonly AcceptsFrom[];
    readonly groups: readonly GroupSwitch[];
  };
  /** Where the destination's queues ended then: everything that its own producers write stands behind. */
  readonly destinationEnds: Cut;
  /** The destination's topics as they are. */
  readonly destinationPerms: readonly TopicPerm[];
}

/** What a failover finds while the source is lost. */
export interface LostSurvey extends Pick<
  Survey,
  'source' | 'destination' | 'topics' | 'problems' | 'warnings' | 'destinationPerms'
> {
  /** Consumer groups that go on at the destination, and what the replication knows of each. */
  readonly groups: readonly LostGroup[];
}

/** What a failback finds of the source that was lost. */
export interface BackSurvey extends Pick<Survey, 'source' | 'destination' | 'topics' | 'problems'> {
  /** The source's topics as they are. */
  readonly sourcePerms: readonly TopicPerm[];
  /** Consumer groups that are to move home, as they are there. */
  readonly sourceGroups: readonly GroupSwitch[];
  /** Where groups went on at the destination; absent where the failover could not read it. */
  readonly placed?: PlacedGroups;
}

/** A command of the failover for its replication. */
export interface CommandInput {
  readonly replication: string;
  readonly command: string;
  readonly input: Readonly<Record<string, unknown>> & { readonly operationId: string };
}

export interface AwaitCopiedInput {
  readonly replication: string;
  readonly source: string;
  readonly destination: string;
  readonly cut: Cut;
}

/** Activities of failovers, on the task queue `replicator`. Each is idempotent and reads back what it wrote. */
export interface FailoverActivities {
  /** Looks at both clusters and at the replication; changes nothing. */
  survey(input: SurveyInput): Promise<Survey>;
  /** The same without the source; it is a problem if that is not lost at all. */
  surveyLost(input: Omit<SurveyInput, 'fence'>): Promise<LostSurvey>;
  /** Carries out a command of the failover on its replication, and waits for its answer. */
  commandReplication(input: CommandInput): Promise<CommandAnswer>;
  /** Gives topics these permissions; answers with how many had other ones. */
  setTopicPermissions(input: { readonly cluster: string; readonly perms: readonly TopicPerm[] }): Promise<number>;
  /** Has brokers refuse every send for two minutes (`FENCE_MS`) from now on; answers with until when. */
  fenceBrokers(input: {
    readonly cluster: string;
    readonly brokers: readonly string[];
  }): Promise<readonly AcceptsFrom[]>;
  /** Puts back when brokers take sends. */
  restoreBrokers(input: { readonly cluster: string; readonly brokers: readonly AcceptsFrom[] }): Promise<void>;
  takeCut(input: {
    readonly cluster: string;
    readonly topics: readonly string[];
    /** Where the topics were: those that the cluster does not have any more are left out, instead of failing. */
    readonly known?: readonly TopicPlace[];
  }): Promise<Cut>;
  /** Comes back when the flow has copied everything below the cut. */
  awaitCopied(input: AwaitCopiedInput): Promise<void>;
  /** Switches each group as it says. */
  switchGroups(input: { readonly cluster: string; readonly switches: readonly GroupSwitch[] }): Promise<void>;
  /** Waits until consumers of disabled groups have finished, or until that time (ms since 1970) has come. */
  settleGroups(input: {
    readonly cluster: string;
    readonly groups: readonly string[];
    readonly until: number;
  }): Promise<readonly SettledGroup[]>;
  /** Enables these groups on every broker; answers with those that the cluster lacks. */
  enableGroups(input: { readonly cluster: string; readonly groups: readonly string[] }): Promise<readonly string[]>;
  /** Reads back the newest copy of each queue. Nothing may be copied meanwhile. */
  readLastCopies(flow: Flow): Promise<LastCopies>;
  /** Looks whether the lost source is back; changes nothing. */
  surveyBack(input: Omit<SurveyInput, 'fence'>): Promise<BackSurvey>;
  /** Finds what the flow's source holds that was never copied. Nothing may be copied meanwhile. */
  findStranded(flow: Flow): Promise<FoundTail>;
  /** Reads where groups (names and patterns) stand. */
  readPlaced(input: {
    readonly cluster: string;
    readonly topics: readonly string[];
    readonly groups: readonly string[];
  }): Promise<PlacedGroups>;
  /** Counts what groups get twice because they went on from there; before anybody consumes on the source again. */
  countRepeats(
    input: Flow & { readonly placed: PlacedGroups; readonly stranded: readonly StrandedQueue[] },
  ): Promise<GroupRepeats>;
  /** Puts it into the destination's quarantine; answers with how many messages. Nobody else may copy the flow meanwhile. */
  setAside(input: Flow & { readonly queues: readonly StrandedQueue[] }): Promise<number>;
  /** Comes back when the replication copies. @throws ApplicationFailure when it does not even try */
  awaitRunning(input: { readonly replication: string }): Promise<void>;
}
