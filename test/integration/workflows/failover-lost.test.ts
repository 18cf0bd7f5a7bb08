import { expect, describe, test } from 'vitest';
import type { FailoverRig } from '../../support/failover-rig.ts';
import { useFailoverRig } from './rig.ts';

let rig: FailoverRig;
useFailoverRig((started) => {
  rig = started;
});

describe('mode failover, while the source is lost', () => {
  test('R12: the direction gets a new owner before the destination is opened; RTO and RPO are told', async () => {
    const result = await (await rig.begin({ mode: 'failover', by: 'kim' })).result();
    expect(result).toMatchObject({ outcome: 'done', problems: [], rpo: { queues: [{ copiedUpTo: 7 }], more: 0 } });
    expect(rig.done).toEqual(['hold', 'surveyLost', 'raiseEpoch', 'permissions west', 'readLastCopies', 'release']);
    expect(rig.world).toMatchObject({ held: '', epoch: 2, east: rig.untouched.east, acceptsFrom: 17 });
    expect(result.rtoMs).toBeGreaterThan(0);
    expect(result).not.toHaveProperty('writePauseMs');
  });

  test('refused while the source is alive; a dry run changes nothing', async () => {
    rig.problems = ['east is not lost'];
    expect(await (await rig.begin({ mode: 'failover' })).result()).toMatchObject({
      outcome: 'refused',
      problems: ['east is not lost'],
    });
    expect(rig.world).toEqual(rig.untouched);
    rig.reset();
    expect(await (await rig.begin({ mode: 'failover', dryRun: true })).result()).toMatchObject({ outcome: 'dry-run' });
    expect(rig.done).toEqual(['surveyLost']);
  });

  test('waits for an operator’s word where one wants to be asked; until then it can be aborted', async () => {
    const refusing = await rig.begin({ mode: 'failover', confirm: true });
    await refusing.reaches(({ waitingFor }) => waitingFor === 'confirm');
    expect(rig.done).toEqual(['hold', 'surveyLost']);
    await refusing.handle.signal('abort', { by: 'kim' });
    expect(await refusing.result()).toMatchObject({ outcome: 'refused', problems: ['aborted by kim'] });
    expect(rig.world).toEqual(rig.untouched);
    const failover = await rig.begin({ mode: 'failover', confirm: true });
    await failover.handle.signal('confirm', { by: 'kim' });
    const { outcome, steps: done } = await failover.result();
    expect(outcome).toBe('done');
    expect(done.find(({ name }) => name === 'confirm')!.result).toBe('confirmed by kim');
  });
});
