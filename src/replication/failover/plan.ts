import type { FailoverInput } from './input.ts';

/** Every client has looked at the route again by then: clients do so every 30 s, and are told within seconds of a change. ms */
export const ROUTES_SPREAD_MS = 55_000;

export type StepName =
  | 'hold'
  | 'survey-source'
  | 'close-source'
  | 'find-tail'
  | 'count-repeats'
  | 'set-aside'
  | 'regain'
  | 'copy-back'
  | 'survey'
  | 'note-ends'
  | 'raise-epoch'
  | 'fence-routes'
  | 'fence-producers'
  | 'cut'
  | 'drain'
  | 'confirm'
  | 'open'
  | 'fence-groups'
  | 'settle'
  | 'sync-groups'
  | 'enable-groups'
  | 'report'
  | 'lift-fence'
  | 'reopen'
  | 'reverse'
  | 'release';

export interface PlannedStep {
  readonly name: StepName;
  /** One sentence. */
  readonly does: string;
}

const FENCES: Readonly<Record<FailoverInput['fence'], string>> = {
  topic: 'waits 55 s, until every producer must have seen that the topics are read-only',
  broker: "has the source's brokers refuse every send, for two minutes at a time",
  external: 'waits until somebody says `producersStopped`',
};

/** What a switchover does, in this order. Up to `open` everything is put back if it is aborted or fails. */
function switchoverPlan({
  replication,
  fence,
  confirm,
  patience,
  drainWithin,
  settleWithin,
}: FailoverInput): PlannedStep[] {
  return planned({
    hold: `takes the sole right to command replication ${replication}`,
    survey: 'looks at both clusters and the replication, and notes what an abort puts back',
    'note-ends': 'notes where the destination ends, so that everything that is produced there later can be copied back',
    'fence-routes': "makes the source's topics read-only in their routes, so that producers look elsewhere",
    'fence-producers': FENCES[fence],
    cut: 'reads where each source queue ends',
    drain: `waits until everything up to there is copied, ${drainWithin} s at most`,
    confirm: confirm ? `waits ${patience} s for \`confirm\`` : undefined,
    open: 'point of no return: makes the topics writable on the destination; producers may start there',
    'fence-groups': 'disables the consumer groups on the source, whose brokers then give them nothing any more',
    settle: `waits until their consumers have finished and committed what they had fetched, ${settleWithin} s at most`,
    'sync-groups': 'puts the groups on the destination exactly where they stand on the source, and reads that back',
    'enable-groups': 'enables the groups on the destination; their consumers may start there',
    'lift-fence':
      fence === 'broker' ? "has the source's brokers take sends again, 55 s after `fence-routes`" : undefined,
    reopen:
      'only where the replication copies both ways and the application goes home: producers may write on the other side again, as before',
    reverse:
      'copies back what is produced on the destination from now on; what still arrives on the source goes forward',
    release: 'gives the right to command the replication back',
  });
}

/** What a failover does while the source is lost. */
function failoverPlan({ replication, confirm, patience }: FailoverInput): PlannedStep[] {
  return planned({
    hold: `takes the sole right to command replication ${replication}`,
    survey: 'looks at the destination and the replication, and whether the source is lost',
    confirm: confirm ? `waits ${patience} s for \`confirm\`` : undefined,
    'raise-epoch':
      'point of no return: has every pump end that might still be at work, lets none begin again, and notes where the destination ends',
    open: 'makes the topics writable on the destination; producers may start there',
    'enable-groups': 'enables the consumer groups on the destination, where they were in step last',
    report: 'reads back up to where each queue has arrived, and from when its last message is',
    release: 'gives the right to command the replication back',
  });
}

const TAIL: Readonly<Record<FailoverInput['strandedTail'], string>> = {
  copy: 'what is stranded is copied',
  aside: 'what is stranded stays in the quarantine',
  leave: 'what is stranded stays where it is',
};

/** The way home, once the lost source is back: then it is a switchover. Whoever is to confirm it does so before anything is fenced. */
function failbackPlan(input: FailoverInput): PlannedStep[] {
  const { replication, strandedTail, patience } = input;
  const [hold, ...home] = switchoverPlan({ ...input, confirm: false });
  return [
    hold!,
    ...planned({
      'survey-source': 'looks whether the source is back, with all its brokers',
      'close-source':
        "makes the old source's topics read-only in their routes, and disables the consumer groups that move home: it does not serve",
      'find-tail': 'finds what the source holds that was never copied, message for message',
      'count-repeats':
        'counts what consumer groups got twice because of the failover, as far as the source had flushed their offsets',
      'set-aside':
        strandedTail === 'aside'
          ? 'puts what is stranded into the quarantine, from where it can be redriven'
          : undefined,
      regain: `has replication ${replication} copy both ways again: ${TAIL[strandedTail]}, what was produced meanwhile is copied back`,
      'copy-back': 'waits until both sides hold all of that',
      confirm: input.confirm ? `waits ${patience} s for \`confirm\`, then moves home` : undefined,
    }),
    ...home,
  ];
}

export function planOf(input: FailoverInput): PlannedStep[] {
  if (input.mode === 'failback') return failbackPlan(input);
  return input.mode === 'failover' ? failoverPlan(input) : switchoverPlan(input);
}

function planned(does: Readonly<Partial<Record<StepName, string | undefined>>>): PlannedStep[] {
  return (Object.keys(does) as StepName[]).flatMap((name) =>
    does[name] === undefined ? [] : [{ name, does: does[name] }],
  );
}
