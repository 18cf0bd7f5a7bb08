import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { FailoverRig } from '../../support/failover-rig.ts';
import { startTemporalDev, type TemporalDev } from '../../support/temporal-dev.ts';

/** Moves that cannot do a step for a while, or for good. */

let temporal: TemporalDev;
let rig: FailoverRig;
beforeAll(async () => {
  temporal = await startTemporalDev();
  rig = await FailoverRig.start(temporal);
});
afterAll(async () => {
  await rig.stop();
  await temporal.stop();
});
beforeEach(() => {
  rig.reset();
});

test('R8: a reverse that is refused for what passes is asked again', async () => {
  rig.refuses = 'reverse';
  rig.passing = 2;
  const failover = await rig.begin({ fence: 'external' });
  await failover.handle.signal('producersStopped');
  expect(await failover.result()).toMatchObject({ outcome: 'done', problems: [] });
  expect(rig.done.filter((name) => name === 'reverse')).toHaveLength(3);
  expect(rig.world).toMatchObject({ reversed: true, noted: [] });
});
