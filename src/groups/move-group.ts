import { inParallel } from '../pump/prepare/in-parallel.ts';
import { matches } from '../replication/topic-pattern.ts';
import type { Cluster } from '../transport/types.ts';
import { movesOf, type GroupLook, type GroupSlot } from './group-look.ts';

/** The sync may not write any more; that says nothing about the group that it was about to move. */
export class MayNotWrite extends Error {}

export interface MoveOptions {
  readonly destination: Cluster;
  /** Groups that are moved although consumers are online there. */
  readonly resetOnline: readonly string[];
  /** Right before each write. @throws MayNotWrite */
  readonly assertCurrent: () => void;
  readonly onRequest: (count: number) => void;
}

/**
 * Moves a group on at the destination to where the source's offsets mean. Never behind the back of consumers that are online there: their
 * offsets stay, or they are told. Each write is read back.
 * @returns the group as it is then
 * @throws TransportError; MayNotWrite; Error where a broker does not keep what was written
 */
export async function moveGroup(look: GroupLook, options: MoveOptions): Promise<GroupLook> {
  const moves = movesOf(look);
  if (moves.length === 0) return look;
  const online = await consumersOf(look, options);
  const resets = options.resetOnline.some((pattern) => matches(pattern, look.group));
  if (online.length > 0 && !resets) return { ...look, problem: onlineProblem(online) };
  const moved = new Map<GroupSlot, number>();
  await inParallel(moves, async ({ slot, offset }) => {
    await write(look.group, slot, offset, online.length > 0, options);
    moved.set(slot, offset);
  });
  return {
    ...look,
    slots: look.slots.map((slot) => ({ ...slot, destination: moved.get(slot) ?? slot.destination })),
  };
}

/** Whoever consumes as this group at the destination, through any of the brokers concerned. */
async function consumersOf({ group, slots }: GroupLook, options: MoveOptions): Promise<string[]> {
  const brokers = [...new Set(slots.map(({ to }) => to.broker))];
  options.onRequest(brokers.length);
  const ids = await Promise.all(brokers.map((broker) => options.destination.admin.consumers(broker, group)));
  return [...new Set(ids.flat())];
}

function onlineProblem(online: readonly string[]): string {
  const more = online.length > 1 ? ` and ${online.length - 1} more` : '';
  return `it has consumers online at the destination (${online[0]!}${more}), so its offsets are left alone there; stop them, or name the group in resetOnline`;
}

async function write(
  group: string,
  { to }: GroupSlot,
  offset: number,
  isOnline: boolean,
  { destination: { admin }, assertCurrent, onRequest }: MoveOptions,
): Promise<void> {
  assertCurrent();
  onRequest(2);
  if (isOnline) await admin.resetOffset(group, to, offset);
  else await admin.commit(group, to, offset);
  const found = await admin.committed(group, to);
  if (found === offset) return;
  const reset = 'somebody else moves it, or the broker keeps an offset that was reset until a consumer pulls';
  throw new Error(
    `queue ${to.id} of ${to.topic} on ${to.broker} at the destination: offset ${offset} was written, ${found ?? 'none'} is read back: ${reset}`,
  );
}
