import { afterAll, beforeAll, beforeEach } from 'vitest';
import { FailoverRig } from '../../support/failover-rig.ts';
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

/** The same for failovers; before each test it is as if nothing had happened yet. */
export function useFailoverRig(take: (rig: FailoverRig) => void): void {
  let temporal: TemporalDev;
  let rig: FailoverRig;
  beforeAll(async () => {
    temporal = await startTemporalDev();
    rig = await FailoverRig.start(temporal);
    take(rig);
  });
  afterAll(async () => {
    await rig.stop();
    await temporal.stop();
  });
  beforeEach(() => {
    rig.reset();
  });
}
