import type { BlockKind } from '../replication/messages.ts';
import type { Queue } from '../transport/types.ts';

/** Copying a queue cannot go on until an operator decides. `at`: source offset where it stands. */
export class QueueBlocked extends Error {
  readonly kind: BlockKind;
  readonly at: number;
  readonly to: number | undefined;

  constructor(kind: BlockKind, at: number, reason: string, to?: number) {
    super(reason);
    this.name = 'QueueBlocked';
    this.kind = kind;
    this.at = at;
    this.to = to;
  }
}

/** The destination has lost copies, and something stands behind the hole: a copy of source offset `at`. */
export class CopiesLost extends QueueBlocked {
  constructor(at: number, what: string) {
    super('history', at, `${what}: it has lost copies; say with accept-history and an offset from where to copy again`);
    this.name = 'CopiesLost';
  }
}

/** Another pump counts instead of this one, which must end. */
export class Superseded extends Error {
  override readonly name: string = 'Superseded';
}

/** More is journaled than this pump was told (R12): it must be started anew with that. */
export class Outdated extends Superseded {
  override readonly name = 'Outdated';
}

/** The pump may have lost the right to write: it stops, and reads back when it has it again. */
export class LeaseLost extends Error {
  constructor() {
    super('the lease on the locks is over; nothing is written until they are taken again');
    this.name = 'LeaseLost';
  }
}

/** The destination's answer does not fit what was known of its log: the log is read back before anything else is sent. */
export class UnexpectedOffset extends Error {
  constructor(expected: number, answered: number) {
    super(`the destination stored a batch at offset ${answered}, expected ${expected}; reading back`);
    this.name = 'UnexpectedOffset';
  }
}

/** Only a slave of the source's broker answers, and lacks what is wanted: no evidence of a gap or a changed history (R8). */
export class NoMaster extends Error {
  constructor({ topic, broker, id }: Queue, wanted: number, end: number) {
    super(
      `broker ${broker} has no master; its slave holds ${topic}/${id} up to offset ${end}, copying goes on at ${wanted} when the master is back`,
    );
    this.name = 'NoMaster';
  }
}

/** The destination holds copies from after a change of history of which this pump was not told: another one has been at work. */
export class NewerGeneration extends Error {
  readonly found: number;

  constructor(found: number, known: number) {
    super(
      `the destination holds copies of generation ${found}, the replication knows ${known}: what was decided then is forgotten`,
    );
    this.name = 'NewerGeneration';
    this.found = found;
  }
}
