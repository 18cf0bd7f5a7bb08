import type { FlowSample } from './sample.ts';
import { Screen } from './screen.ts';
import { watchText } from './view.ts';

export interface WatchView {
  readonly show: (flows: readonly FlowSample[]) => void;
  readonly end: () => void;
}

/** JSON: one object a line for each refresh. A terminal: in place. Anything else: one table after the other. */
export function viewOn(out: NodeJS.WriteStream, json: boolean): WatchView {
  const now = () => new Date().toISOString();
  if (json)
    return {
      show: (flows) => out.write(`${JSON.stringify({ at: now(), replications: flows })}\n`),
      end: () => undefined,
    };
  if (!out.isTTY)
    return { show: (flows) => out.write(`${[now(), ...watchText(flows), ''].join('\n')}\n`), end: () => undefined };
  const screen = new Screen(out);
  return {
    show: (flows) => {
      const { rows, columns } = screen.size;
      screen.show([`${now()}  Ctrl-C ends`.slice(0, columns), ...watchText(flows, { rows: rows - 1, columns })]);
    },
    end: () => {
      screen.end();
    },
  };
}
