import { Context } from '@temporalio/activity';
import type { SyncGroupsInput } from '../../src/replication/group-progress.ts';
import { pumpId } from '../../src/replication/messages.ts';
import { eventually } from '../support/eventually.ts';
import { BACK, MAP, ONE_PUMP, type ReplicationRig, type ReplicationUnderTest } from '../support/replication-rig.ts';

/** What moves of a replication need, to be recorded. */

export const THERE = { source: 'east', destination: 'west' };
export const HOME = { source: 'west', destination: 'east' };
export const ENDS = [{ topic: 'orders', broker: 'west-a', ends: [7, 0] }];
export const WITH_GROUPS = { ...ONE_PUMP, groups: ['billing'] };

/** The sync of groups at work. */
export class GroupsAtWork {
  sync: { readonly input: SyncGroupsInput; readonly id: string } | undefined;

  /** Until groups follow from this cluster. */
  async follow(source: string): Promise<{ readonly id: string }> {
    return await eventually(10_000, () => this.sync?.input.source === source && this.sync);
  }
}

/** Both directions can be prepared, and groups synced. */
export function doubleMoves(rig: ReplicationRig): GroupsAtWork {
  const atWork = new GroupsAtWork();
  rig.prepare = ({ source, starts }) => Promise.resolve({ map: source === 'west' ? BACK : MAP, starts });
  rig.watch = () => Context.current().cancelled;
  rig.takeCut = ({ cluster }) => Promise.resolve(ENDS.map((ends) => ({ ...ends, broker: `${cluster}-a` })));
  rig.syncGroups = async (input) => {
    const { info, cancelled } = Context.current();
    atWork.sync = { input, id: pumpId(info.workflowExecution!.runId, info.activityId) };
    await cancelled.finally(() => (atWork.sync = undefined));
  };
  rig.syncGroupsOnce = ({ groups }) =>
    Promise.resolve({
      groups: groups.map((group) => ({ group, queues: [] })),
      ...{ more: { groups: 0, queues: 0 }, total: groups.length, outOfStep: 0, requests: 3 },
    });
  return atWork;
}

export async function pumping(rig: ReplicationRig, replication: ReplicationUnderTest, pumps: number): Promise<void> {
  await replication.reaches('RUNNING');
  await eventually(10_000, () => rig.pumpsOf(replication).length === pumps);
}

/** Holds the replication as a move does. The answer commands it, and says where it is to be refused. */
export async function holding(replication: ReplicationUnderTest, operationId: string) {
  await replication.update('hold', { by: 'failover/orders', operationId });
  let commands = 0;
  return async (name: string, input: object = {}, isRefused = false): Promise<void> => {
    const answer = await replication.update(name, { ...input, operationId: `${operationId}/${name}-${++commands}` });
    if (answer.done === isRefused) throw new Error(`${name}: ${JSON.stringify(answer)}`);
  };
}
