import type { GroupsReport } from '../replication/group-progress.ts';
import type { Cluster } from '../transport/types.ts';
import type { GroupLook } from './group-look.ts';
import { describeGroups, REPORT_LIMITS } from './report-groups.ts';

/** At most one report a minute while groups only go on. ms */
const REPORT_EVERY_MS = 60_000;
/** The same where a group falls out of step or is back, or is disabled or enabled. ms */
const REPORT_SOON_MS = 5_000;

export interface ReporterOptions {
  readonly source: Cluster;
  readonly destination: Cluster;
  readonly send: (found: Omit<GroupsReport, 'sync'>) => Promise<void>;
}

/** Tells the workflow about its groups, seldom enough for its history. */
export class GroupReporter {
  readonly #options: ReporterOptions;
  readonly #syncedAt = new Map<string, string>();
  #sentAt = -Infinity;
  #sentProblems: string | undefined;
  #sentOffsets: string | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Notes what a round has found, and reports it where that is due. @throws where Temporal or a cluster does not answer */
  async tell(looks: readonly GroupLook[], troubles: readonly string[]): Promise<void> {
    const at = new Date().toISOString();
    if (troubles.length === 0)
      for (const { group, problem } of looks) if (problem === undefined) this.#syncedAt.set(group, at);
    const age = performance.now() - this.#sentAt;
    const problems = JSON.stringify([
      troubles,
      looks.map(({ group, problem, isDisabled }) => [group, problem !== undefined, isDisabled]),
    ]);
    const offsets = JSON.stringify(looks.map(({ slots }) => slots.map(({ destination }) => destination)));
    const isDue =
      (problems !== this.#sentProblems && age > REPORT_SOON_MS) ||
      (offsets !== this.#sentOffsets && age > REPORT_EVERY_MS);
    if (!isDue) return;
    const found = await describeGroups(looks, this.#syncedAt, this.#options, REPORT_LIMITS);
    await this.#options.send({ at, ...found, troubles });
    this.#sentAt = performance.now();
    this.#sentProblems = problems;
    this.#sentOffsets = offsets;
  }
}
