import { grouped } from '../output.ts';
import type { FlowSample, QueueSample } from './sample.ts';

export interface ViewSize {
  /** Lines that may be used. */
  readonly rows: number;
  readonly columns: number;
}

/** Elsewhere than on a terminal: so many queues of each flow. */
const QUEUES_SHOWN = 20;

type Row = readonly [what: string, state: string, rate: string, lag: string, oldest: string, note: string];

const HEAD: Row = ['', 'STATE', 'MSG/S', 'LAG', 'OLDEST', ''];
/** Figures stand to the right. */
const RIGHT = [false, false, true, true, true, false];

/** The table for people; on a terminal no more lines than fit, none longer than it is wide. */
export function watchText(flows: readonly FlowSample[], size?: ViewSize): string[] {
  if (flows.length === 0) return ['no replications'];
  const shares = size ? shareOut(flows, size.rows - 1 - flows.length) : flows.map(() => QUEUES_SHOWN);
  const lines = aligned([HEAD, ...flows.flatMap((flow, index) => flowRows(flow, shares[index]!))]);
  if (!size) return lines;
  return lines.slice(0, size.rows).map((line) => line.slice(0, size.columns));
}

/** How many lines each flow gets for its queues: what is left goes to whoever still has queues to show, one line a turn. */
function shareOut(flows: readonly FlowSample[], lines: number): number[] {
  const shares = flows.map(() => 0);
  for (let left = lines, gave = true; gave && left > 0;) {
    gave = false;
    for (const [index, { queues }] of flows.entries())
      if (left > 0 && shares[index]! < queues.length) {
        shares[index]! += 1;
        left -= 1;
        gave = true;
      }
  }
  return shares;
}

function flowRows(flow: FlowSample, lines: number): Row[] {
  const { name, source, destination, health, blocked, troubles, queues } = flow;
  const notes = [...(blocked > 0 ? [`${blocked} blocked`] : []), ...troubles];
  const title = source === undefined ? name : `${name}  ${source} -> ${destination}`;
  const all = queues.length <= lines;
  const shown = all ? queues : queues.slice(0, Math.max(0, lines - 1));
  const rest = queues.slice(shown.length);
  return [
    [title, health, ...figures(flow), notes.join('; ')],
    ...shown.map(queueRow),
    ...(rest.length > 0 && lines > 0 ? [restRow(rest)] : []),
  ];
}

function queueRow(queue: QueueSample): Row {
  const { topic, broker, queue: id, state, reason = '' } = queue;
  return [`  ${topic}/${broker}/${id}`, state, ...figures(queue), reason];
}

function restRow(rest: readonly QueueSample[]): Row {
  const rate = rest.reduce<number | undefined>(
    (sum, { rate: own }) => (own === undefined ? sum : own + (sum ?? 0)),
    undefined,
  );
  const lag = rest.reduce((sum, queue) => sum + queue.lag, 0);
  return [
    `  ${grouped(rest.length)} more queues`,
    '',
    ...figures({ ...(rate === undefined ? {} : { rate }), lag }),
    '',
  ];
}

function figures({ rate, lag, oldestMs }: Pick<FlowSample, 'rate' | 'lag' | 'oldestMs'>): [string, string, string] {
  return [
    rate === undefined ? '-' : grouped(Math.round(rate)),
    lag === undefined ? '-' : grouped(lag),
    oldestMs === undefined ? '-' : duration(oldestMs),
  ];
}

function aligned(rows: readonly Row[]): string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (RIGHT[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** `0.4 s`, `75 s`, `12 m`, `7 h`, `3 d` */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} m`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
