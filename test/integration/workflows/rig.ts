import { afterAll, beforeAll } from 'vitest';
import { ReplicationRig } from '../../support/replication-rig.ts';
import { startTemporalDev, type TemporalDev } from '../../support/temporal-dev.ts';

export interface Stage {
  temporal: TemporalDev;
  rig: ReplicationRig;
}

/** A Temporal server and a worker for the tests of one file. */
export function useRig(suggestContinueAsNew?: number): Stage {
  const stage = {} as Stage;
  beforeAll(async () => {
    stage.temporal = await startTemporalDev(suggestContinueAsNew);
    stage.rig = await ReplicationRig.start(stage.temporal);
  });
  afterAll(async () => {
    await stage.rig.stop();
    await stage.temporal.stop();
  });
  return stage;
}
