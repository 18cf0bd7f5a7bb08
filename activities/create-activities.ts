import type { ActivityDependencies } from './dependencies.ts';
import { journalBack, journalDecision, raiseEpoch, renewJournal } from './journal.ts';
import { prepare, recallFlow } from './prepare.ts';
import { pump } from './pump.ts';
import { retire } from './retire.ts';
import { redrive } from './redrive.ts';
import { redirect } from './redirect.ts';
import { syncGroups, syncGroupsOnce } from './sync-groups.ts';
import type { ControlActivities, PumpActivities } from './types.ts';
import { unpause } from './unpause.ts';
import { watchTopology } from './watch-topology.ts';

/** The activities of the task queue `replicator`. */
export function createControlActivities(dependencies: ActivityDependencies): ControlActivities {
  return {
    prepare: (input) => prepare(dependencies, input),
    recallFlow: (input) => recallFlow(dependencies, input),
    watchTopology: (input) => watchTopology(dependencies, input),
    retire: (input) => retire(dependencies, input),
    syncGroups: (input) => syncGroups(dependencies, input),
    syncGroupsOnce: (input) => syncGroupsOnce(dependencies, input),
    redrive: (input) => redrive(dependencies, input),
    redirect: (input) => redirect(dependencies, input),
    journal: (known) => renewJournal(dependencies, known),
    journalDecision: (known) => journalDecision(dependencies, known),
    raiseEpoch: (known, back) => raiseEpoch(dependencies, known, back),
    journalBack: (back) => journalBack(dependencies, back),
    unpause: ({ activityId }) => unpause(dependencies, activityId),
    usableSearchAttributes: () => dependencies.usableSearchAttributes(),
  };
}

/** The activities of the task queue `replicator-pump`. */
export function createPumpActivities(dependencies: ActivityDependencies): PumpActivities {
  return { pump: (input) => pump(dependencies, input) };
}
